import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openConfig } from './open-config.ts'
import { watchConfig } from './watch-config.ts'
import type { ConfigNews, ConfigWatch } from './watch-config.ts'

interface Followed {
  readonly watch: ConfigWatch
  readonly told: readonly ConfigNews[]
  /** Settles with the next news that was not waited for before. */
  next(): Promise<ConfigNews>
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'duologue-watch-'))
  onTestFinished(async () => rm(path, { recursive: true, force: true }))
  return path
}

async function follow(
  configFile: string | undefined,
  environment: Readonly<Record<string, string>> = {},
): Promise<Followed> {
  const place = { flags: configFile === undefined ? {} : { configFile }, environment }
  const watch = watchConfig({ first: await openConfig(place), restMs: 5, ...place })
  onTestFinished(() => watch.close())
  const told: ConfigNews[] = []
  let seen = 0
  let wake = (): void => {}
  watch.onNews(news => {
    told.push(news)
    wake()
  })
  const next = async (): Promise<ConfigNews> => {
    for (;;) {
      const news = told[seen]
      if (news) {
        seen++
        return news
      }
      await new Promise<void>(resolve => (wake = resolve))
    }
  }
  return { watch, told, next }
}

/** Puts a file in the place of another one, as editors do. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

test('a change takes force, and what was taken before stays as it was', async () => {
  const path = join(await folder(), 'c.yaml')
  await writeFile(path, 'port: 1\nroutes: [{name: a, targets: [local]}]')
  const { watch, next } = await follow(path)
  const before = watch.current()
  await replace(path, 'port: 2\nslots: 3\nroutes: [{name: b, targets: [local]}]')
  expect(await next()).toMatchObject({
    type: 'changed',
    before: { config: { port: 1 } },
    snapshot: { config: { port: 2 } },
    changes: { settings: ['port', 'slots'], sections: ['routes'] },
  })
  expect([before.config.port, watch.current().config.port]).toEqual([1, 2])
  expect(before.rules.routes[0]?.name).toBe('a')
})

test('a file that is written in place is noticed', async () => {
  const path = join(await folder(), 'c.yaml')
  await writeFile(path, 'port: 1')
  const { next } = await follow(path)
  await writeFile(path, 'port: 2')
  expect(await next()).toMatchObject({ type: 'changed', snapshot: { config: { port: 2 } } })
})

test('what the file says of a key of a variable takes force, and a slip in a name takes nothing back', async () => {
  const path = join(await folder(), 'c.yaml')
  const rule = (key: string): string =>
    `routes: [{name: r, match: {keys: [${key}]}, targets: [local], local-only: true}]`
  await writeFile(path, 'keys: [{name: laptop, key: k}]')
  const { watch, next } = await follow(path, { DUOLOGUE_KEYS: 'k' })
  await replace(path, `keys: [{name: laptop, key: k, local-only: true}]\n${rule('laptop')}`)
  expect(await next()).toMatchObject({ type: 'changed', changes: { sections: ['routes', 'keys'] } })
  await replace(path, `keys: [{name: laptop, key: k}]\n${rule('lapotp')}`)
  expect(await next()).toMatchObject({ type: 'refused', message: expect.stringContaining('names the key "lapotp"') })
  expect(watch.current().rules).toMatchObject({
    keys: [{ name: 'laptop', isLocalOnly: true }],
    routes: [{ name: 'r' }],
  })
})

test('a bad file changes nothing and is told of once, and the next good one takes force', async () => {
  const path = join(await folder(), 'c.yaml')
  await writeFile(path, 'port: 1')
  const { watch, told, next } = await follow(path)
  await replace(path, 'port: x')
  expect(await next()).toMatchObject({
    type: 'refused',
    path,
    message: `${path}:1:7: port "x" is not usable: it must be a whole number from 0 to 65535`,
  })
  expect(watch.current().config.port).toBe(1)
  await replace(path, 'port: x')
  await replace(path, 'port: 2')
  expect(await next()).toMatchObject({ type: 'changed' })
  expect(told.map(({ type }) => type)).toEqual(['refused', 'changed'])
})

test('a reload that was asked for tells of the same fault again', async () => {
  const path = join(await folder(), 'c.yaml')
  await writeFile(path, 'port: 1')
  const { watch, told, next } = await follow(path)
  await replace(path, 'port: x')
  await next()
  await watch.reload()
  expect(told.map(({ type }) => type)).toEqual(['refused', 'refused'])
})

test('a file that is removed leaves the last configuration in force', async () => {
  const path = join(await folder(), 'c.yaml')
  await writeFile(path, 'local-only: true')
  const { watch, next } = await follow(path)
  await rm(path)
  expect(await next()).toMatchObject({ type: 'refused', message: `${path} is gone` })
  expect(watch.current().config.isLocalOnly).toBe(true)
})

test('a file that is made later is noticed, and so is its folder', async () => {
  const home = await folder()
  const environment = { XDG_CONFIG_HOME: home, APPDATA: home }
  const { watch, next } = await follow(undefined, environment)
  await mkdir(join(home, 'duologue'))
  await writeFile(join(home, 'duologue', 'duologue.yaml'), 'port: 5')
  expect(await next()).toMatchObject({ type: 'changed', snapshot: { config: { port: 5 } } })
  expect(watch.current().file).toBe(join(home, 'duologue', 'duologue.yaml'))
})

test('a link that leads elsewhere is noticed, as a mounted volume of Kubernetes changes', async () => {
  const home = await folder()
  for (const [name, text] of [
    ['one', 'port: 1'],
    ['two', 'port: 2'],
  ] as const) {
    await mkdir(join(home, name))
    await writeFile(join(home, name, 'c.yaml'), text)
  }
  await symlink('one', join(home, '..data'))
  await symlink(join('..data', 'c.yaml'), join(home, 'c.yaml'))
  const { next } = await follow(join(home, 'c.yaml'))
  await symlink('two', join(home, '..data_tmp'))
  await rename(join(home, '..data_tmp'), join(home, '..data'))
  expect(await next()).toMatchObject({ type: 'changed', snapshot: { config: { port: 2 } } })
})

test('the file behind a link is noticed where it lies', async () => {
  const [home, elsewhere] = [await folder(), await folder()]
  await writeFile(join(elsewhere, 'real.yaml'), 'port: 1')
  await symlink(join(elsewhere, 'real.yaml'), join(home, 'c.yaml'))
  const { next } = await follow(join(home, 'c.yaml'))
  // The folders behind links are known once the file was read for the first time.
  await replace(join(elsewhere, 'real.yaml'), 'port: 2')
  expect(await next()).toMatchObject({ type: 'changed', snapshot: { config: { port: 2 } } })
})

test('a secret that changes in its own file is noticed', async () => {
  const [home, secrets] = [await folder(), await folder()]
  const path = join(home, 'c.yaml')
  await writeFile(join(secrets, 'key'), 'one')
  await writeFile(path, `providers: {a: {key: "file:${join(secrets, 'key')}"}}`)
  const { watch, next } = await follow(path)
  // Which files it refers to is known once it was read.
  await watch.reload()
  await replace(join(secrets, 'key'), 'two')
  expect(await next()).toMatchObject({ type: 'changed', changes: { settings: [], sections: ['providers'] } })
  expect(watch.current().rules.providers[0]?.key?.reveal()).toBe('two')
})

test('after 1,000 reloads, good and bad, the last good configuration is in force', async () => {
  const path = join(await folder(), 'c.yaml')
  await writeFile(path, 'port: 1')
  const { watch, told } = await follow(path)
  const taken = []
  let good = 1
  for (let round = 2; round <= 1001; round++) {
    const isGood = round % 3 !== 0
    await replace(path, isGood ? `port: ${round}` : `port: [${round}`)
    await watch.reload()
    if (isGood) good = round
    taken.push(watch.current())
    expect(watch.current().config.port).toBe(good)
  }
  expect(taken.every(({ config }, index) => config.port >= 1 && config.port <= index + 2)).toBe(true)
  expect(told.some(({ type }) => type === 'refused')).toBe(true)
})

test('a closed watch tells nothing more', async () => {
  const path = join(await folder(), 'c.yaml')
  await writeFile(path, 'port: 1')
  const { watch, told } = await follow(path)
  watch.close()
  await replace(path, 'port: 2')
  await watch.reload()
  expect([watch.current().config.port, told]).toEqual([1, []])
})
