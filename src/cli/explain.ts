import { Option } from 'commander'
import type { Command } from 'commander'
import type { CacheOutcome, CacheReport } from '../core/cache-report.ts'
import { settings } from '../config/settings.ts'
import type { ProgramContext } from './program-context.ts'
import { formatPairs } from './table.ts'

const examples = `
Examples:
  duologue explain cache req_0aB…             why a prompt was evaluated again, and from which token on
  duologue explain cache req_0aB… --json

The id is in every answer's request-id header, and in the log. A server elsewhere is named with --host and --port.`

interface ExplainFlags {
  readonly host?: string
  readonly port?: string
  readonly key?: readonly string[]
  readonly json?: boolean
}

/** Adds `duologue explain`. */
export function registerExplain(program: Command, context: ProgramContext): void {
  const explain = program.command('explain').description('explain what the running server did')
  explain
    .command('cache')
    .description('tell how much of a prompt was reused, and what stood against more')
    .argument('<request-id>', 'the id of the request')
    .addOption(flagOf('host'))
    .addOption(flagOf('port'))
    .addOption(new Option('--key <value>', 'a key of the server').argParser(key => [key]))
    .option('--json', 'write it as JSON')
    .addHelpText('after', examples)
    .action(async (requestId: string, { json, host, port, key: keys }: ExplainFlags) => {
      const flags = { ...(host && { host }), ...(port && { port }), ...(keys && { keys }) }
      const report = await context.explainCache(requestId, flags)
      if (json === true) return context.output.printJson(report)
      context.output.print(formatPairs(pairsOf(report)))
    })
}

function flagOf(name: 'host' | 'port'): Option {
  return new Option(`${settings[name].flag} <value>`, name === 'host' ? 'where the server listens' : 'its port')
}

const meanings: Readonly<Record<CacheOutcome, string>> = {
  reused: 'all that is the same as before was reused',
  differs: 'it was reused up to the first token that differs',
  'whole-pieces': 'it is greedy or seeded, and only whole pieces give the same answer again',
  checkpoint: 'this model goes back only to a few places, and it was reused up to the last of them',
  'cannot-cut': 'this model goes back only to a few places, and none of them is early enough',
  'being-read': 'another prompt that begins like it was still being read',
  'pushed-out': 'what was like it made way for other conversations',
  'not-worthwhile': 'evaluating again was faster than bringing back',
  measured: 'each of its tokens was to be measured, so none was reused',
  'nothing-kept': 'nothing like it was there',
}

function pairsOf(report: CacheReport): readonly (readonly [string, string | undefined])[] {
  const { promptTokens, reusedTokens, restoredTokens, awaitedTokens = 0, outcome, difference } = report
  return [
    ['Prompt', `${promptTokens} tokens`],
    ['Reused', `${reusedTokens} tokens${restoredTokens > 0 ? ', brought back from the archive' : ''}`],
    ['Waited for', awaitedTokens > 0 ? `${awaitedTokens} of them, which another prompt was reading` : undefined],
    ['Evaluated', `${promptTokens - reusedTokens} tokens`],
    ['Because', meanings[outcome]],
    ['Differs at', difference && `token ${difference.token}, in ${difference.place}`],
    ['Lost', difference && `${difference.lostTokens} tokens that were kept after it`],
    ['Before it', difference && quote(difference.before)],
    ['Asked', difference && quote(difference.asked)],
    ['Kept', difference?.kept === undefined ? undefined : quote(difference.kept)],
  ]
}

/* What a client wrote must not steer the terminal. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f]/g, '?')
}
