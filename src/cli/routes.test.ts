import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { commandContext } from '../../test/support/command-context.ts'
import { loadConfig } from '../config/config.ts'
import { openOwnerRules } from '../services/owner-rules.ts'
import { createProgram } from './program.ts'

/** Runs `duologue routes` in an empty data folder, and gives what it writes. */
async function routes(...words: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'duologue-routes-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const environment = { DUOLOGUE_DATA: folder }
  const { config } = loadConfig({}, environment)
  const { context, out } = commandContext({ openRules: () => openOwnerRules({ config, environment }) })
  await createProgram(context).parseAsync(['routes', ...words], { from: 'user' })
  return out()
}

const add = async (...targets: readonly string[]): Promise<string> =>
  routes('add', 'shared', ...targets.flatMap(target => ['--to', target]), '--json')

test('a target has a weight, retries and timeouts of its own, as in the file', async () => {
  expect(JSON.parse(await add('openai/gpt-5,weight=3,retries=1,first-token=20s,idle=1m,total=5m', 'local'))).toEqual({
    name: 'shared',
    match: {},
    targets: [
      {
        provider: 'openai',
        model: 'gpt-5',
        weight: 3,
        retries: 1,
        timeouts: { firstTokenMs: 20_000, idleMs: 60_000, totalMs: 300_000 },
      },
      { provider: 'local' },
    ],
  })
  expect(await routes('add', 'one', '--to', 'a/b,total=500ms,weight=0.5')).toMatch(
    /^one: everything → a\/b,weight=0\.5,total=0\.5s\n/,
  )
})

test.each([
  ['openai,wieght=3', /"wieght=3" is no setting of a target; write name=value, with one of weight, retries,/],
  ['openai,weight', /"weight" is no setting of a target/],
  ['openai,', /"" is no setting of a target/],
  ['openai,weight=', /"weight=" is no setting of a target/],
  ['openai,weight=-1', /weight: it must be a number from 0 to 1000000/],
  ['openai,retries=11', /retries: it must be a whole number from 0 to 10/],
  ['openai,total=soon', /total: write it as 500ms, 90s, 5m or 2h/],
  ['openai,total=0', /total: nothing can be answered in 0/],
  ['openai,weight=1,weight=2', /weight is there twice/],
  [',weight=1', /Write it as provider or provider\/model/],
])('a target %s is refused', async (target, message) => {
  await expect(add(target)).rejects.toThrow(message)
})

test('a rule for a key that is named by its place is made, and its owner told to name the key', async () => {
  const words = ['add', 'private', '--to', 'local', '--local-only']
  expect(await routes(...words, '--key', 'key-2')).toMatch(/\nkey-2 is the key in that place.*give it a name/)
  expect(await routes(...words, '--key', 'laptop')).not.toContain('give it a name')
})
