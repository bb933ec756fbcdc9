import { expect, test } from 'vitest'
import { commandContext } from '../../test/support/command-context.ts'
import type { CacheReport } from '../core/cache-report.ts'
import { createProgram } from './program.ts'
import type { Flags } from '../config/config.ts'

const report: CacheReport = {
  promptTokens: 900,
  reusedTokens: 20,
  restoredTokens: 0,
  awaitedTokens: 15,
  outcome: 'differs',
  difference: { token: 20, lostTokens: 880, place: 'system.0', before: 'It is ', asked: 'Mon\u001B[31m', kept: 'Sun' },
}

async function explain(line: string): Promise<{ out: string; asked: readonly { id: string; flags: Flags }[] }> {
  const asked: { id: string; flags: Flags }[] = []
  const { context, out } = commandContext({
    explainCache: async (id, flags) => {
      asked.push({ id, flags })
      return report
    },
  })
  await createProgram(context).parseAsync(['explain', 'cache', ...line.split(' ')], { from: 'user' })
  return { out: out(), asked }
}

test('it asks the server that the flags name, and says where a prompt differs', async () => {
  const { out, asked } = await explain('req_1 --host ::1 --port 7 --key k')
  expect(asked).toEqual([{ id: 'req_1', flags: { host: '::1', port: '7', keys: ['k'] } }])
  for (const words of [
    '900 tokens',
    '15 of them, which another prompt was reading',
    '880 tokens',
    'token 20, in system.0',
    'up to the first token that differs',
    '"Sun"',
  ]) {
    expect(out).toContain(words)
  }
})

test('what a client wrote does not steer the terminal', async () => {
  expect((await explain('req_1')).out).not.toContain('\u001B')
})

test('programs get it as JSON', async () => {
  expect(JSON.parse((await explain('req_1 --json')).out)).toEqual(report)
})
