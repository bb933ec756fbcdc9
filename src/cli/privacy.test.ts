import { expect, test } from 'vitest'
import { commandContext } from '../../test/support/command-context.ts'
import type { CommandApp, Privacy } from './program-context.ts'
import { createProgram } from './program.ts'

async function check(privacy: Partial<Privacy>, ...words: readonly string[]): Promise<string> {
  const told = { ways: [], markedLocal: [], keysThatStay: [], rulesThatKeep: [], ...privacy }
  // oxlint-disable-next-line no-unsafe-type-assertion -- the command asks for no more of the program
  const app = { checkPrivacy: async () => told, close: async () => {} } as Partial<CommandApp> as CommandApp
  const { context, out } = commandContext({ openApp: async () => app })
  await createProgram(context).parseAsync(['privacy', 'check', ...words], { from: 'user' })
  return out()
}

const markedLocal = [
  { provider: 'openai', kind: 'openai', elsewhere: 'cloud' },
  { provider: 'box', kind: 'vllm', elsewhere: 'other-machine' },
] as const

test('what is marked local and is not on this machine stands under a heading of its own', async () => {
  expect(await check({ markedLocal, ways: [{ route: 'far', target: 'groq/x' }] })).toMatch(
    /^Leaves this machine because you marked it local[^\n]*\n\nTo +Why\nopenai +its kind openai is a cloud\nbox +its address is another machine’s\n\nBy +To\nfar +groq\/x\n/,
  )
  expect(await check({ markedLocal })).toMatch(/\nNothing else leaves: /)
  expect(JSON.parse(await check({ markedLocal }, '--json'))).toMatchObject({ markedLocal })
})

test('where nothing is marked local, nothing is said of it', async () => {
  expect(await check({})).toMatch(/^Nothing leaves: /)
})
