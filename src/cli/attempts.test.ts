import { expect, test } from 'vitest'
import { commandContext } from '../../test/support/command-context.ts'
import type { NotedAttempt, OwnerRules, WantedAttempts } from '../services/owner-rules.ts'
import { createProgram } from './program.ts'

const kept: readonly NotedAttempt[] = [
  { requestId: 'req_1', number: 2, at: 2000, provider: 'two', model: 'm\u001b[2J', durationMs: 12 },
  { requestId: 'req_1', number: 1, at: 1000, provider: 'one', model: 'm', failure: 'timeout', durationMs: 900 },
]

async function attempts(line: string, items = kept): Promise<{ out: string; asked: readonly WantedAttempts[] }> {
  const asked: WantedAttempts[] = []
  const unused = (): never => expect.unreachable('this command does not need it')
  const rules: OwnerRules = {
    get providers() {
      return unused()
    },
    get routes() {
      return unused()
    },
    attempts: {
      list: async (wanted = {}) => {
        asked.push(wanted)
        return { items, damaged: [] }
      },
    },
    close: async () => undefined,
  }
  const { context, out } = commandContext({ openRules: async () => rules })
  await createProgram(context).parseAsync(['attempts', ...line.split(' ').filter(Boolean)], { from: 'user' })
  return { out: out(), asked }
}

test('each attempt is a line that cannot steer the terminal', async () => {
  expect((await attempts('')).out).toBe(
    [
      'TIME                      REQUEST  TRY  TARGET          RESULT     MS',
      '1970-01-01T00:00:02.000Z  req_1      2  two/m\\u001b[2J  answered   12',
      '1970-01-01T00:00:01.000Z  req_1      1  one/m           timeout   900',
      '',
    ].join('\n'),
  )
})

test.each([
  ['', { limit: 20 }],
  ['req_1 --limit 3', { requestId: 'req_1', limit: 3 }],
  ['--target one', { provider: 'one', limit: 20 }],
  ['--target one/a/b', { provider: 'one', model: 'a/b', limit: 20 }],
])('with %j it looks for %j', async (line, wanted) => {
  expect((await attempts(line)).asked).toEqual([wanted])
})

test('more than are given at a time are refused', async () => {
  await expect(attempts('--limit 1001')).rejects.toThrow('1000 at most')
})

test('for programs they are JSON', async () => {
  expect(JSON.parse((await attempts('--json')).out)).toMatchObject([
    { requestId: 'req_1', number: 2, at: '1970-01-01T00:00:02.000Z', provider: 'two' },
    { failure: 'timeout', durationMs: 900 },
  ])
  expect(JSON.parse((await attempts('--json', [])).out)).toEqual([])
})

test('where there are none, it is said why', async () => {
  expect((await attempts('', [])).out).toMatch(/^No attempts yet/)
  expect((await attempts('req_9', [])).out).toMatch(/^No such attempts/)
})
