import { expect, test } from 'vitest'
import type { CacheReport } from '../core/cache-report.ts'
import { ModelError } from '../core/errors.ts'
import { Output } from './output.ts'
import { createProgram } from './program.ts'
import type { Flags } from '../config/config.ts'
import type { ProgramContext } from './program-context.ts'

const report: CacheReport = {
  promptTokens: 900,
  reusedTokens: 20,
  restoredTokens: 0,
  outcome: 'differs',
  difference: { token: 20, lostTokens: 880, place: 'system.0', before: 'It is ', asked: 'Mon\u001B[31m', kept: 'Sun' },
}

async function explain(line: string): Promise<{ out: string; asked: readonly { id: string; flags: Flags }[] }> {
  let out = ''
  const asked: { id: string; flags: Flags }[] = []
  const stdout = { write: (text: string) => (out += text) }
  const unused = (): never => {
    throw new ModelError('internal', 'this command needs no model')
  }
  const context: ProgramContext = {
    version: '0',
    output: new Output({ stdout, stderr: stdout, allowsColour: false }),
    input: process.stdin,
    signal: new AbortController().signal,
    dependencies: unused,
    environment: {},
    openApp: unused,
    openRules: unused,
    moveKey: unused,
    checkProviders: unused,
    engines: unused,
    explainRunningRoute: unused,
    explainCache: async (id, flags) => {
      asked.push({ id, flags })
      return report
    },
  }
  await createProgram(context).parseAsync(['explain', 'cache', ...line.split(' ')], { from: 'user' })
  return { out, asked }
}

test('it asks the server that the flags name, and says where a prompt differs', async () => {
  const { out, asked } = await explain('req_1 --host ::1 --port 7 --key k')
  expect(asked).toEqual([{ id: 'req_1', flags: { host: '::1', port: '7', keys: ['k'] } }])
  for (const words of [
    '900 tokens',
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
