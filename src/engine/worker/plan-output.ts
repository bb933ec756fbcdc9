import type { ChatPrompt } from '../chat-prompt.ts'
import { createConstrainer, mustCall, unconstrained } from './constraint.ts'
import type { OutputPlan } from './generation.ts'
import type { LanguageModel } from './language-model.ts'
import type { RenderedPrompt } from './open-answer.ts'
import { markersOf } from './output/output-format.ts'
import type { OutputFormat } from './output/output-format.ts'

/** Decides how an answer is told apart, and what it is held to. Throws a `ModelError` for what cannot be promised. */
export type PlanOutput = (
  task: { readonly prompt: ChatPrompt; readonly thinkingTokens?: number },
  rendered: RenderedPrompt,
) => OutputPlan

/** For an answer to a raw prompt: whoever writes one tells apart what comes back. */
export const plainOutput: OutputPlan = {
  format: { type: 'tagged' },
  markers: new Map(),
  tools: new Map(),
  mustCall: false,
  thinkingEnd: [],
  constraint: unconstrained,
}

/* How much reasoning an effort is worth to a model that knows no efforts. */
const effortTokens = { low: 2048, medium: 8192, high: undefined } as const

/** Makes plans for a model that writes in `format`. */
export function createOutputPlanner(model: LanguageModel, format: OutputFormat): PlanOutput {
  const markers = findMarkers(format, model)
  const constrainer = createConstrainer(format, source => model.compileGrammar(source))
  const thinkingEnd = Array.from(model.tokenize(endOfThinking(format)))
  return ({ prompt, thinkingTokens }, rendered) => {
    const { tools = [], toolChoice, effort } = prompt
    const thinkingLimit = thinkingTokens ?? (effort && effortTokens[effort])
    return {
      format,
      markers,
      thinkingEnd,
      tools: new Map(tools.map(({ name, inputSchema }) => [name, inputSchema])),
      mustCall: mustCall(prompt),
      constraint: constrainer.plan(prompt, rendered),
      ...(rendered.begins && { begins: rendered.begins }),
      ...(thinkingLimit !== undefined && { thinkingLimit }),
      ...((toolChoice?.isParallel === false || toolChoice?.type === 'tool') && { maxCalls: 1 }),
    }
  }
}

function endOfThinking(format: OutputFormat): string {
  if (format.type === 'harmony') return '<|end|>'
  return format.thinking ? `\n${format.thinking.close}\n\n` : ''
}

/** The markers of a format that are tokens of their own, which are otherwise not spelled out. */
function findMarkers(format: OutputFormat, model: LanguageModel): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  for (const marker of markersOf(format)) {
    const [token, ...rest] = model.tokenize(marker)
    if (token !== undefined && rest.length === 0) found.set(token, marker)
  }
  return found
}
