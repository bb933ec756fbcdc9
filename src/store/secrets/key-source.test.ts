import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { KeySource } from './key-source.ts'
import type { KeySettings } from './key-source.ts'

const one = 'ab'.repeat(32)
const other = 'cd'.repeat(32)

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'duologue-keys-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function newSource(
  settings: Partial<KeySettings> = {},
  isShared = false,
): Promise<{ source: KeySource; ownFile: string }> {
  const dataDirectory = await newFolder()
  return {
    source: new KeySource({ dataDirectory, ...settings }, { isShared }),
    ownFile: join(dataDirectory, 'master.key'),
  }
}

async function written(text: string, mode = 0o600): Promise<string> {
  const file = join(await newFolder(), 'key')
  await writeFile(file, text)
  await chmod(file, mode)
  return file
}

test('nothing is made before a key is needed; then it is a file for its owner alone, made once', async () => {
  const { source, ownFile } = await newSource()
  expect(await source.read()).toEqual([])
  expect(await readdir(join(ownFile, '..'))).toEqual([])
  const key = await source.readOrCreate()
  expect((await stat(ownFile)).mode & 0o777).toBe(0o600)
  expect(await readdir(join(ownFile, '..'))).toEqual(['master.key'])
  expect((await source.readOrCreate()).id).toBe(key.id)
})

test('of many that make the key at once, all get the same one', async () => {
  const dataDirectory = await newFolder()
  const keys = await Promise.all(
    Array.from({ length: 5 }, () => new KeySource({ dataDirectory }, { isShared: false }).readOrCreate()),
  )
  expect(new Set(keys.map(({ id }) => id)).size).toBe(1)
})

test('the environment goes before a file, and several keys are given in their order', async () => {
  const file = await written(`${other}\n`)
  const given = await (await newSource({ masterKey: `${one}, ${other}`, masterKeyFile: file })).source.read()
  const named = await (await newSource({ masterKeyFile: file })).source.read()
  expect(given.map(({ id }) => id)).toEqual([expect.any(String), named[0]?.id])
})

test.each([0o644, 0o640, 0o604, 0o660])(
  'a key file of mode %o is refused with the command that mends it',
  async mode => {
    const file = await written(one, mode)
    const { source } = await newSource({ masterKeyFile: file })
    await expect(source.read()).rejects.toMatchObject({
      kind: 'conflict',
      message: `the master key's file ${file} can be read by others; run: chmod 600 ${file}`,
    })
  },
)

test.each(['', 'password', `${one} ${one.slice(1)}`])(
  'a text that is no key is refused and not shown: %#',
  async text => {
    const { source } = await newSource({ masterKey: text })
    await expect(source.read()).rejects.toThrow(/^DUOLOGUE_MASTER_KEY holds no usable master key: give 64 hexadecimal/)
    await expect(source.read()).rejects.not.toThrow(/abab|password/)
  },
)

test('a named file that is not there is refused, and not made', async () => {
  const file = join(await newFolder(), 'nothing')
  const { source } = await newSource({ masterKeyFile: file })
  await expect(source.readOrCreate()).rejects.toThrow(/there is no such file/)
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a folder or a pipe in the place of the file is refused at once', async () => {
  const folder = await newFolder()
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', ['-m', '600', pipe])
  for (const masterKeyFile of [folder, pipe]) {
    const { source } = await newSource({ masterKeyFile })
    await expect(source.read()).rejects.toMatchObject({
      kind: 'conflict',
      message: `the master key's file ${masterKeyFile} cannot be read: check that it is a file, and its rights`,
    })
  }
})

test('for a database that others share no key is made', async () => {
  const { source, ownFile } = await newSource({}, true)
  await expect(source.readOrCreate()).rejects.toThrow(/openssl rand -hex 32/)
  await expect(readFile(ownFile)).rejects.toMatchObject({ code: 'ENOENT' })
})
