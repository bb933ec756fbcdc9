import type { GenerationTask } from '../messages.ts'
import type { OutputPlan } from './generation.ts'
import type { LanguageModel } from './language-model.ts'
import type { RenderedPrompt } from './open-answer.ts'
import { markersOf } from './output/output-format.ts'
import type { OutputFormat } from './output/output-format.ts'

/** Decides how an answer is told apart. */
export function planOutput(
  task: Pick<GenerationTask, 'prompt' | 'thinkingTokens'>,
  { begins }: RenderedPrompt,
  { format, markers, model }: { format: OutputFormat; markers: ReadonlyMap<number, string>; model: LanguageModel },
): OutputPlan {
  const { tools = [], toolChoice } = task.prompt
  const thinkingLimit = planThinking(task, format, model)
  return {
    format,
    markers,
    tools: new Map(tools.map(({ name, inputSchema }) => [name, inputSchema])),
    ...(begins && { begins }),
    ...(thinkingLimit && { thinkingLimit }),
    ...((toolChoice?.isParallel === false || toolChoice?.type === 'tool') && { maxCalls: 1 }),
  }
}

/* How much reasoning an effort is worth to a model that knows no efforts. */
const effortTokens = { low: 2048, medium: 8192, high: undefined } as const

function planThinking(
  { prompt: { effort }, thinkingTokens }: Pick<GenerationTask, 'prompt' | 'thinkingTokens'>,
  format: OutputFormat,
  model: LanguageModel,
): OutputPlan['thinkingLimit'] {
  const tokens = thinkingTokens ?? (effort && effortTokens[effort])
  if (tokens === undefined || format.type !== 'tagged' || !format.thinking) return undefined
  return { tokens, ending: Array.from(model.tokenize(`\n${format.thinking.close}\n\n`)) }
}

/** The markers of a format that are tokens of their own, which are otherwise not spelled out. */
export function findMarkers(format: OutputFormat, model: LanguageModel): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  for (const marker of markersOf(format)) {
    const [token, ...rest] = model.tokenize(marker)
    if (token !== undefined && rest.length === 0) found.set(token, marker)
  }
  return found
}
