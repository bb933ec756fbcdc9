import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { openEngine } from '../test/support/engine.ts'
import { starterModel } from '../test/support/starter-model.ts'
import { play, readSession } from './agent-session-requests.ts'
import type { TurnCost } from './agent-session-requests.ts'

/*
 * Plays a recorded agent session and prints what each turn cost: `node bench/agent-session.ts [FILE.gguf] [SLOTS]`.
 * Three conversations take turns; with two slots one of them is always written away.
 */
const file = process.argv[2] === undefined ? await starterModel() : resolve(process.argv[2])
const slots = Number(process.argv[3] ?? 2)
const folder = await mkdtemp(join(tmpdir(), 'duologue-session-'))
const { engine } = openEngine(
  { model: file },
  {
    preferences: { slots, contextTokens: 8192 },
    archive: { dataDirectory: folder, memoryDirectory: join(folder, 'memory') },
  },
)
try {
  await engine.load('model')
  process.stdout.write(`${basename(file)}, ${slots} slots\n`)
  print(['turn', 'who', 'prompt', 'new', 'evaluated', 'cached', 'restored', 'first token'])
  const costs: TurnCost[] = []
  for await (const cost of play(await readSession(), engine, 'model')) {
    costs.push(cost)
    print([costs.length, cost.conversation, ...columns(cost), `${cost.firstTokenMs.toFixed(0)} ms`])
  }
  const sum = (of: (cost: TurnCost) => number): number => costs.reduce((total, cost) => total + of(cost), 0)
  const [evaluated, fresh] = [sum(evaluatedTokens), sum(({ newTokens }) => newTokens)]
  process.stdout.write(
    `evaluated ${evaluated} of ${sum(({ report }) => report.promptTokens)} tokens; ${fresh} were new\n`,
  )
} finally {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
}

function evaluatedTokens({ report }: TurnCost): number {
  return report.promptTokens - report.reusedTokens
}

function columns(cost: TurnCost): readonly number[] {
  const { promptTokens, reusedTokens, restoredTokens } = cost.report
  return [promptTokens, cost.newTokens, evaluatedTokens(cost), reusedTokens - restoredTokens, restoredTokens]
}

function print(cells: readonly (string | number)[]): void {
  process.stdout.write(`${cells.map(cell => String(cell).padStart(11)).join('')}\n`)
}
