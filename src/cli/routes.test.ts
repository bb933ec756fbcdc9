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

test('a rule for a key that is named by its place is made, and its owner told to name the key', async () => {
  const words = ['add', 'private', '--to', 'local', '--local-only']
  expect(await routes(...words, '--key', 'key-2')).toMatch(/\nkey-2 is the key in that place.*give it a name/)
  expect(await routes(...words, '--key', 'laptop')).not.toContain('give it a name')
})
