import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { commandContext } from '../test/support/command-context.ts'
import { createProgram } from './cli/program.ts'
import { openConfig } from './config/open-config.ts'
import { checkProviders, openRules } from './open-rules.ts'

/** Runs a command over a configuration file with this text, and gives all that it writes. */
async function duologue(text: string, ...words: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'duologue-rules-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'duologue.yaml')
  await writeFile(file, text, { mode: 0o600 })
  const environment = { DUOLOGUE_DATA: folder, DUOLOGUE_CONFIG_FILE: file, KEY: 'k' }
  const { context, out } = commandContext({
    environment,
    openRules: async () => openRules(await openConfig({ flags: {}, environment }), environment),
    checkProviders: snapshot => checkProviders(snapshot, environment),
  })
  await createProgram(context).parseAsync(words, { from: 'user' })
  return out()
}

test('a cloud and a public address that are marked local are warned of, and a machine of the owner’s is not', async () => {
  const text = `providers:
  openai: { key: '\${KEY}', local: true }
  gateway: { kind: openai-compatible, url: 'https://llm.example.com/v1', local: true }
  box: { kind: vllm, url: 'http://10.0.0.5:8000', local: true }
  groq: { key: '\${KEY}' }
`
  const out = await duologue(text, 'config', 'validate')
  expect(out).toContain('Warning: provider openai: it is marked local, and its kind openai is a cloud: what must not')
  expect(out).toContain('Warning: provider gateway: it is marked local, and its address is on the internet: what must')
  expect(out).not.toMatch(/provider (box|groq)/)
})

test('an engine on this machine counts as local, unless it is set up with --not-local', async () => {
  const added = async (...words: readonly string[]): Promise<unknown> =>
    JSON.parse(await duologue('', 'providers', 'add', 'ollama', '--no-key', '--json', ...words))
  expect(await added()).toMatchObject({ isLocal: true })
  expect(await added('--not-local')).toMatchObject({ isLocal: false })
  await expect(added('--local', '--not-local')).rejects.toThrow(/cannot be used with/)
})

test.each([
  ['openai', /^openai is set up, without a key\n.*\nWarning: it is marked local, and its kind openai is a cloud/],
  ['vllm --url http://10.0.0.5:8000', /^vllm is set up, without a key\n$/],
])('providers add %s --local says so', async (words, said) => {
  expect(await duologue('', 'providers', 'add', ...words.split(' '), '--no-key', '--local')).toMatch(said)
})
