import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { escapeSteering } from '../core/escape-letters.ts'
import type { RouteTarget } from '../core/route-rules.ts'
import type { NotedAttempt, WantedAttempts } from '../services/owner-rules.ts'
import type { ProgramContext } from './program-context.ts'
import { toTarget, wholeNumber } from './route-words.ts'
import { formatTable } from './table.ts'
import type { Column } from './table.ts'
import { noteLeftOut, withRules } from './with-rules.ts'

const examples = `
Examples:
  duologue attempts                             the latest, the last one first
  duologue attempts req_0aB…                    those of one request
  duologue attempts --target anthropic --limit 5
  duologue attempts --target openai/gpt-5 --json

The id is in every answer's request-id header, and in the log, which says why an attempt failed in more words.`

interface AttemptsOptions {
  readonly target?: RouteTarget
  readonly limit: number
  readonly json?: boolean
}

/** Adds `duologue attempts`. */
export function registerAttempts(program: Command, context: ProgramContext): void {
  program
    .command('attempts')
    .description('tell which targets requests went to, and what became of them')
    .argument('[request-id]', 'the id of a request')
    .addOption(new Option('--target <provider[/model]>', 'only those at this target').argParser(toTarget))
    .addOption(new Option('--limit <number>', 'at most so many, up to 1000').argParser(toLimit).default(20))
    .option('--json', 'write them as JSON')
    .addHelpText('after', examples)
    .action(async (requestId: string | undefined, { json, ...options }: AttemptsOptions) => {
      const wanted = wantedOf(requestId, options)
      const { items, damaged } = await withRules(context, ({ attempts }) => attempts.list(wanted))
      const { output } = context
      noteLeftOut({ shadowed: [], damaged }, context)
      if (json === true) return output.printJson(items.map(item => ({ ...item, at: timeOf(item) })))
      if (items.length === 0) return output.note(whyNone(wanted))
      output.print(formatTable(items, columns))
    })
}

const mostAtATime = 1000

function toLimit(text: string): number {
  const limit = wholeNumber(text)
  if (limit <= mostAtATime) return limit
  throw new InvalidArgumentError(`It must be ${mostAtATime} at most.`)
}

function wantedOf(requestId: string | undefined, { target, limit }: Omit<AttemptsOptions, 'json'>): WantedAttempts {
  return {
    limit,
    ...(requestId !== undefined && { requestId }),
    ...(target && { provider: target.provider }),
    ...(target?.model !== undefined && { model: target.model }),
  }
}

function whyNone({ requestId, provider }: WantedAttempts): string {
  if (requestId === undefined && provider === undefined)
    return 'No attempts yet: they are kept from the first request on that the server sends to a model.'
  return 'No such attempts: the last 100,000 of the last 30 days are kept, each about a second after its end.'
}

const columns: readonly Column<NotedAttempt>[] = [
  { title: 'TIME', of: timeOf },
  { title: 'REQUEST', of: ({ requestId }) => escapeSteering(requestId) },
  { title: 'TRY', of: ({ number }) => String(number), isNumber: true },
  { title: 'TARGET', of: ({ provider, model }) => escapeSteering(`${provider}/${model}`) },
  { title: 'RESULT', of: ({ failure }) => failure ?? 'answered' },
  { title: 'MS', of: ({ durationMs }) => String(durationMs), isNumber: true },
]

function timeOf({ at }: NotedAttempt): string {
  return new Date(at).toISOString()
}
