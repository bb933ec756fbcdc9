import type { Command } from 'commander'
import { ModelError } from '../core/errors.ts'
import type { Check } from '../services/diagnose.ts'
import type { ProgramContext } from './program-context.ts'

const examples = `
Examples:
  duologue doctor                           what is here, what is missing and how to mend it
  duologue doctor --json                    the same for programs

Ends with 0 where nothing stands in the way of serving, and with 69 otherwise.`

const marks = { ok: ['green', 'ok'], warning: ['yellow', 'warning'], problem: ['red', 'problem'] } as const

/** Adds `duologue doctor`. */
export function registerDoctor(program: Command, context: ProgramContext): void {
  program
    .command('doctor')
    .description('check this machine, the engine and the models')
    .option('--json', 'write the result as JSON')
    .addHelpText('after', examples)
    .action(async ({ json }: { readonly json?: boolean }) => {
      const app = await context.openApp({ logLevel: 'silent' }, line => context.output.note(line))
      try {
        const checks = await app.diagnose()
        if (json === true) context.output.printJson(checks)
        else for (const check of checks) print(check, context)
        requireHealth(checks)
      } finally {
        await app.close()
      }
    })
}

function print({ name, state, found, fix }: Check, { output }: ProgramContext): void {
  const [colour, word] = marks[state]
  output.print(`${output.style(colour, word.padEnd(8))} ${name}: ${found}`)
  if (fix !== undefined) output.print(`         ${fix}`)
}

function requireHealth(checks: readonly Check[]): void {
  const problems = checks.filter(({ state }) => state === 'problem').map(({ name }) => name)
  if (problems.length > 0) throw new ModelError('unavailable', `not fit to serve: ${problems.join(', ')}`)
}
