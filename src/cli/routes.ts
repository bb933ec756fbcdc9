import type { Command } from 'commander'
import type { ProtocolId } from '../core/extras.ts'
import { isPlaceName } from '../core/place-name.ts'
import type { ModelPattern, Need, RouteMatch, RouteRule, RouteTarget } from '../core/route-rules.ts'
import type { ToldRoutes } from '../services/manage-routes.ts'
import { registerExplainRoute } from './explain-route.ts'
import type { ProgramContext } from './program-context.ts'
import {
  collecting,
  describeMatch,
  needs,
  oneOf,
  protocols,
  same,
  time,
  toHeader,
  toPattern,
  wholeNumber,
} from './route-words.ts'
import { formatTable } from './table.ts'
import type { Column } from './table.ts'
import { describeTargets, toTargetOfRule } from './target-words.ts'
import { noteLeftOut, withRules } from './with-rules.ts'

interface AddOptions {
  readonly to?: readonly RouteTarget[]
  readonly model?: ModelPattern
  readonly protocol?: readonly ProtocolId[]
  readonly key?: readonly string[]
  readonly header?: readonly (readonly [string, string])[]
  readonly needs?: readonly Need[]
  readonly promptAtLeast?: number
  readonly promptAtMost?: number
  readonly localOnly?: boolean
  readonly mostWait?: number
  readonly position?: number
  readonly replace?: boolean
  readonly json?: boolean
}

const addExamples = `
Examples:
  duologue routes add claude --model 'claude-*' --to anthropic
  duologue routes add coding --model qwen3-8b --to local --to openai/gpt-5 --most-wait 5s
  duologue routes add shared --model gpt-5 --to openai,weight=3 --to azure-openai,weight=1,retries=1,first-token=20s
  duologue routes add private --key payroll --to local --local-only --position 1

Of the rules that match, the first one holds. Of its targets the first one that can answers.`

/** Adds `duologue routes`. */
export function registerRoutes(program: Command, context: ProgramContext): void {
  const routes = program.command('routes').description('decide where requests go')
  registerAdd(routes, context)
  registerRouteList(routes, context)
  registerExplainRoute(routes, context)
  registerMove(routes, context)
  registerRemove(routes, context)
}

function registerAdd(routes: Command, context: ProgramContext): void {
  routes
    .command('add')
    .description('make a rule')
    .argument('<name>', 'what logs and headers call it')
    .addOption(
      collecting(
        '--to <provider[/model]>',
        'where requests go; give it again for the next best. After commas: weight=3, retries=1, first-token=20s, idle=1m, total=5m',
        toTargetOfRule,
      ),
    )
    .option('--model <pattern>', 'for models of that name: a name, claude-*, a glob, or /an expression/', toPattern)
    .addOption(collecting('--protocol <name>', 'for requests in that wire format', oneOf(protocols)))
    .addOption(collecting('--key <name>', 'for requests with the key of that name', same))
    .addOption(collecting('--header <name=glob>', 'for requests with that header', toHeader('glob')))
    .addOption(collecting('--needs <need>', `for requests that need ${needs.join(', ')}`, oneOf(needs)))
    .option('--prompt-at-least <tokens>', 'for prompts of that size and more', wholeNumber)
    .option('--prompt-at-most <tokens>', 'for prompts up to that size', wholeNumber)
    .option('--local-only', 'only targets that are marked local may answer')
    .option(
      '--most-wait <time>',
      'a target whose first token takes longer makes way for the next one: 500ms, 5s, 1m',
      time,
    )
    .option('--position <number>', 'its place among the stored rules, counted from 1; by default the last', wholeNumber)
    .option('--replace', 'put it in the place of the one of that name')
    .option('--json', 'write the rule as JSON')
    .addHelpText('after', addExamples)
    .action(async (name: string, options: AddOptions) => {
      const rule = ruleOf(name, options)
      const { position, replace = false, json } = options
      const how = { isReplacing: replace, ...(position !== undefined && { position }) }
      const strangers = await withRules(context, ({ routes }) => routes.add(rule, how))
      if (json === true) return context.output.printJson(rule)
      context.output.print(`${name}: ${describeMatch(rule.match)} → ${describeTargets(rule)}`)
      for (const id of strangers) context.output.note(`No provider ${id} is set up yet: duologue providers add ${id}`)
      for (const key of rule.match.keys?.filter(isPlaceName) ?? []) context.output.note(`${key} ${onPlaceName}`)
    })
}

const onPlaceName =
  'is the key in that place, and another one when keys come or go: give it a name in the configuration file, and use that'

function ruleOf(name: string, options: AddOptions): RouteRule {
  const { to: targets = [], localOnly, mostWait } = options
  return {
    name,
    match: matchOf(options),
    targets,
    ...(localOnly === true && { isLocalOnly: true }),
    ...(mostWait !== undefined && { mostWaitMs: mostWait }),
  }
}

function matchOf({ model, protocol, key, header, needs, promptAtLeast, promptAtMost }: AddOptions): RouteMatch {
  const promptTokens = {
    ...(promptAtLeast !== undefined && { atLeast: promptAtLeast }),
    ...(promptAtMost !== undefined && { atMost: promptAtMost }),
  }
  return {
    ...(model !== undefined && { model }),
    ...(protocol && { protocols: protocol }),
    ...(key && { keys: key }),
    ...(header && { headers: Object.fromEntries(header) }),
    ...(needs && { needs }),
    ...(Object.keys(promptTokens).length > 0 && { promptTokens }),
  }
}

const columns: readonly Column<ToldRoutes['routes'][number]>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'FOR', of: ({ match }) => describeMatch(match) },
  { title: 'TO', of: describeTargets },
  { title: 'FROM', of: ({ from }) => from },
]

function registerRouteList(routes: Command, context: ProgramContext): void {
  routes
    .command('list')
    .alias('ls')
    .description('list the rules in the order in which they are tried')
    .option('--json', 'write the list as JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const told = await withRules(context, ({ routes }) => routes.list())
      const { output } = context
      if (json === true) return output.printJson(told)
      noteLeftOut(told, context)
      if (told.routes.length === 0) return output.note('No rules yet: a model that is here is served here.')
      output.print(formatTable(told.routes, columns))
    })
}

function registerMove(routes: Command, context: ProgramContext): void {
  routes
    .command('move')
    .description('move a rule to another place')
    .argument('<name>', 'its name, as duologue routes list shows it')
    .argument('<position>', 'its place among the stored rules, counted from 1', wholeNumber)
    .option('--json', 'write the rule and its place as JSON')
    .action(async (name: string, position: number, { json }: { readonly json?: boolean }) => {
      await withRules(context, ({ routes }) => routes.move(name, position))
      if (json === true) return context.output.printJson({ name, position })
      context.output.print(`${name} is moved`)
    })
}

function registerRemove(routes: Command, context: ProgramContext): void {
  routes
    .command('rm')
    .description('forget rules')
    .argument('<names...>', 'their names, as duologue routes list shows them')
    .option('--json', 'write what was forgotten as JSON')
    .action(async (names: readonly string[], { json }: { readonly json?: boolean }) => {
      await withRules(context, ({ routes }) => routes.remove(names))
      if (json === true) return context.output.printJson(names)
      for (const name of names) context.output.print(`${name} is removed`)
    })
}
