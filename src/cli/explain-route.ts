import type { Command } from 'commander'
import { Option } from 'commander'
import { readBounded } from '../config/read-bounded.ts'
import { ModelError } from '../core/errors.ts'
import type { RouteExplanation } from '../services/explain-route.ts'
import type { AskedRoute, ProgramContext } from './program-context.ts'
import { collecting, oneOf, toHeader } from './route-words.ts'
import { formatTable } from './table.ts'
import { withApp } from './with-app.ts'

interface ExplainOptions {
  readonly protocol: AskedRoute['protocol']
  readonly key?: string
  readonly header?: readonly (readonly [string, string])[]
  readonly file?: boolean
  readonly running?: boolean
  readonly json?: boolean
}

const examples = `
Examples:
  duologue routes explain claude-opus-5            where a short request for that model would go, rule by rule
  duologue routes explain qwen3-8b --key laptop --header x-team=web
  duologue routes explain --file request.json --protocol openai-chat --json
  duologue routes explain --file request.json --running

No provider is asked. What depends on the moment, as queues, memory and targets that rest, is known only to the running
server: --running asks it, and so does POST /duologue/explain/route/v1/messages (or
…/v1/chat/completions, …/v1/responses).`

const served = ['anthropic-messages', 'openai-chat', 'openai-responses'] as const

/** Adds `duologue routes explain`. */
export function registerExplainRoute(routes: Command, context: ProgramContext): void {
  routes
    .command('explain')
    .description('tell where a request would go, and why')
    .argument('<request>', 'the model that is asked for, or with --file a request as JSON')
    .option('--file', 'the argument is a file with the whole request')
    .addOption(
      new Option('--protocol <name>', 'the wire format of the request').argParser(oneOf(served)).default(served[0]),
    )
    .option('--key <name>', 'the name of the key that asks')
    .addOption(
      collecting('--header <name=value>', 'a header of the request; give it again for more', toHeader('value')),
    )
    .option('--running', 'ask the running server, which knows how its targets fare at this moment')
    .option('--json', 'write it as JSON')
    .addHelpText('after', examples)
    .action(async (asked: string, { protocol, key, header = [], file, running, json }: ExplainOptions) => {
      const request = file === true ? await readRequest(asked) : shortRequest(asked, protocol)
      const question = { protocol, request, headers: Object.fromEntries(header), ...(key !== undefined && { key }) }
      const explanation =
        running === true
          ? await context.explainRunningRoute(question)
          : await withApp(context, app => app.explainRoute(question))
      if (json === true) return context.output.printJson(explanation)
      print(explanation, context)
    })
}

function shortRequest(model: string, protocol: ExplainOptions['protocol']) {
  const said = [{ role: 'user', content: 'Hello' }]
  return protocol === 'openai-responses' ? { model, input: said } : { model, messages: said }
}

const mostBytes = 32 * 1024 * 1024

async function readRequest(path: string): Promise<unknown> {
  const read = await readBounded(path, mostBytes)
  if (read.type === 'refused') throw new ModelError('not-found', `the file ${path} ${read.why}`)
  try {
    return JSON.parse(read.text)
  } catch (error) {
    throw new ModelError('invalid-request', `${path} is not JSON`, { cause: error })
  }
}

function print({ steps, targets, refusal, route }: RouteExplanation, { output }: ProgramContext): void {
  const columns = [
    { title: 'About', of: (step: RouteExplanation['steps'][number]) => `${step.about} ${step.name}` },
    { title: 'Verdict', of: (step: RouteExplanation['steps'][number]) => step.verdict.replaceAll('-', ' ') },
    { title: 'Why', of: (step: RouteExplanation['steps'][number]) => step.why },
  ]
  output.print(formatTable(steps, columns))
  if (refusal) return output.print(`\nIt would be refused (${refusal.kind}): ${refusal.message}`)
  const names = targets.map(({ provider, model, isLocal }) => `${provider}/${model}${isLocal ? ' (local)' : ''}`)
  output.print(`\nBy ${route ?? 'nothing'}, it would go to ${names.join(', then ')}`)
}
