import { Output } from '../../src/cli/output.ts'
import type { ProgramContext } from '../../src/cli/program-context.ts'
import { ModelError } from '../../src/core/errors.ts'

/** What a command is given in a test, with what it writes. What it does not need fails the test. */
export function commandContext(needed: Partial<ProgramContext>): {
  readonly context: ProgramContext
  readonly out: () => string
} {
  let out = ''
  const stdout = { write: (text: string) => (out += text) }
  const unused = (): never => {
    throw new ModelError('internal', 'this command does not need it')
  }
  const context: ProgramContext = {
    version: '0',
    output: new Output({ stdout, stderr: stdout, allowsColour: false }),
    input: process.stdin,
    signal: new AbortController().signal,
    environment: {},
    dependencies: unused,
    openApp: unused,
    openRules: unused,
    moveKey: unused,
    checkProviders: unused,
    engines: unused,
    explainCache: unused,
    explainRunningRoute: unused,
    ...needed,
  }
  return { context, out: () => out }
}
