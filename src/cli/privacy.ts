import type { Command } from 'commander'
import type { ProgramContext } from './program-context.ts'
import { formatTable } from './table.ts'
import { withApp } from './with-app.ts'

const examples = `
Examples:
  duologue privacy check           what could leave this machine, and by which rule
  duologue privacy check --json

It looks at the configuration file and at what was set up with commands. The exit code says nothing of the outcome.
What keeps requests here: local-only for the server, a rule or a key, and the header x-duologue-local-only.`

/** Adds `duologue privacy`. */
export function registerPrivacy(program: Command, context: ProgramContext): void {
  const privacy = program.command('privacy').description('see what could leave this machine')
  privacy
    .command('check')
    .description('tell every way on which a request could leave')
    .option('--json', 'write it as JSON')
    .addHelpText('after', examples)
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { ways, keysThatStay } = await withApp(context, app => app.checkPrivacy())
      if (json === true) return context.output.printJson({ ways, keysThatStay })
      const { output } = context
      if (ways.length === 0)
        return output.print('Nothing leaves: no rule, name or model leads to a target that is not local.')
      output.print(
        formatTable(ways, [
          { title: 'By', of: ({ route }) => route },
          { title: 'To', of: ({ target }) => target },
        ]),
      )
      output.print(`\n${noteOn(keysThatStay)}`)
    })
}

function noteOn(keys: readonly string[]): string {
  if (keys.length === 0) return 'Every key may use these ways, unless its request says x-duologue-local-only: true.'
  return `Requests with the keys ${keys.join(', ')} take none of these ways, nor do those that say x-duologue-local-only: true.`
}
