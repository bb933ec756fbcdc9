import type { Command } from 'commander'
import { ModelError } from '../core/errors.ts'
import type { Check } from '../services/diagnose.ts'
import type { ProgramContext } from './program-context.ts'
import { unlessStopped } from './stopping.ts'

const examples = `
Examples:
  duologue doctor                           what is here, what is missing and how to mend it
  duologue doctor --json                    the same for programs

Ends with 0 where nothing stands in the way of serving, and with 69 otherwise.`

const colours = { ok: 'green', warning: 'yellow', problem: 'red' } as const

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
        const checks = await unlessStopped(app.diagnose(), context.signal)
        if (json === true) context.output.printJson(checks)
        else print(checks, context)
        requireHealth(checks)
      } finally {
        await app.close()
      }
    })
}

/** Tells each check in a line; what to do about it stands below what was found. */
function print(checks: readonly Check[], { output }: ProgramContext): void {
  const stateWidth = Math.max(...checks.map(({ state }) => state.length))
  const nameWidth = Math.max(...checks.map(({ name }) => name.length))
  for (const { name, state, found, fix } of checks) {
    const mark = output.style(colours[state], state.padEnd(stateWidth))
    output.print(`${mark}  ${name.padEnd(nameWidth)}  ${found}`)
    if (fix !== undefined) output.print(`${' '.repeat(stateWidth + nameWidth + 4)}${fix}`)
  }
}

function requireHealth(checks: readonly Check[]): void {
  const problems = checks.filter(({ state }) => state === 'problem').map(({ name }) => name)
  if (problems.length > 0) throw new ModelError('unavailable', `not fit to serve: ${problems.join(', ')}`)
}
