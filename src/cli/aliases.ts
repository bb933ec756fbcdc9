import type { Command } from 'commander'
import type { ModelPattern } from '../core/route-rules.ts'
import { writeModelPattern } from '../core/write-model-pattern.ts'
import type { ToldRoutes } from '../services/manage-routes.ts'
import type { ProgramContext } from './program-context.ts'
import { formatTable } from './table.ts'
import type { Column } from './table.ts'
import { toPattern } from './route-words.ts'
import { noteLeftOut, withRules } from './with-rules.ts'

interface Json {
  readonly json?: boolean
}

const addExamples = `
Examples:
  duologue aliases add 'claude-*' qwen3-8b     what asks for a Claude model is answered by this one
  duologue aliases add gpt-5 gemma-4-12b

An alias is put in the place of the one of the same pattern.`

/** Adds `duologue aliases`. */
export function registerAliases(program: Command, context: ProgramContext): void {
  const aliases = program.command('aliases').description('give models other names')
  aliases
    .command('add')
    .description('answer what asks for one name with another model')
    .argument('<pattern>', 'what is asked for: a name, claude-*, a glob, or /an expression/', toPattern)
    .argument('<model>', 'the model that answers')
    .option('--json', 'write the alias as JSON')
    .addHelpText('after', addExamples)
    .action(async (pattern: ModelPattern, model: string, { json }: Json) => {
      const alias = { alias: pattern, model }
      await withRules(context, ({ routes }) => routes.addAlias(alias))
      if (json === true) return context.output.printJson(alias)
      context.output.print(`${writeModelPattern(pattern)} is answered by ${model}`)
    })
  registerAliasList(aliases, context)
  registerRemove(aliases, context)
}

const columns: readonly Column<ToldRoutes['aliases'][number]>[] = [
  { title: 'ALIAS', of: ({ alias }) => writeModelPattern(alias) },
  { title: 'MODEL', of: ({ model }) => model },
  { title: 'FROM', of: ({ from }) => from },
]

function registerAliasList(aliases: Command, context: ProgramContext): void {
  aliases
    .command('list')
    .alias('ls')
    .description('list the other names of models')
    .option('--json', 'write the list as JSON')
    .action(async ({ json }: Json) => {
      const told = await withRules(context, ({ routes }) => routes.list())
      if (json === true) return context.output.printJson(told.aliases)
      noteLeftOut(told, context)
      if (told.aliases.length === 0) return context.output.note('No aliases yet.')
      context.output.print(formatTable(told.aliases, columns))
    })
}

function registerRemove(aliases: Command, context: ProgramContext): void {
  aliases
    .command('rm')
    .description('forget an alias')
    .argument('<pattern>', 'its pattern, as duologue aliases list shows it', toPattern)
    .option('--json', 'write what was forgotten as JSON')
    .action(async (pattern: ModelPattern, { json }: Json) => {
      await withRules(context, ({ routes }) => routes.removeAlias(pattern))
      if (json === true) return context.output.printJson(pattern)
      context.output.print(`${writeModelPattern(pattern)} is removed`)
    })
}
