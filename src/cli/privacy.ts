import type { Command } from 'commander'
import { whyElsewhere } from '../core/elsewhere.ts'
import type { Output } from './output.ts'
import type { Privacy, ProgramContext } from './program-context.ts'
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
      const told = await withApp(context, app => app.checkPrivacy())
      const { output } = context
      if (json === true) return output.printJson(told)
      printMarked(told, output)
      const { ways, markedLocal } = told
      if (ways.length === 0) {
        const nothing = markedLocal.length === 0 ? 'Nothing' : 'Nothing else'
        return output.print(`${nothing} leaves: no rule, name or model leads to a target that is not local.`)
      }
      output.print(
        formatTable(ways, [
          { title: 'By', of: ({ route }) => route },
          { title: 'To', of: ({ target }) => target },
        ]),
      )
      output.print(`\n${noteOn(told)}`)
    })
}

function printMarked({ markedLocal }: Privacy, output: Output): void {
  if (markedLocal.length === 0) return
  output.print('Leaves this machine because you marked it local, whatever is to keep requests here:\n')
  output.print(
    formatTable(markedLocal, [
      { title: 'To', of: ({ provider }) => provider },
      { title: 'Why', of: ({ kind, elsewhere }) => whyElsewhere(elsewhere, kind) },
    ]),
  )
  output.print('')
}

function noteOn({ keysThatStay, rulesThatKeep }: Privacy): string {
  const kept = [
    ...keysThatStay.map(name => `come with the key ${name}`),
    ...rulesThatKeep.map(name => `the rule ${name} keeps here`),
    'say x-duologue-local-only: true',
  ]
  return `None of these ways is open to requests that ${kept.join(', or that ')}.`
}
