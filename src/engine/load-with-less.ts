import { ModelError } from '../core/errors.ts'
import { size } from '../gguf/memory.ts'
import { hasEnded } from './host-exit.ts'
import type { ModelHost } from './host.ts'
import type { LoadPlan } from './load-plan.ts'
import { mayFitWithLess } from './load-refusal.ts'

/** How a model is loaded, and what is done about a refusal. */
export interface LoadAttempts {
  readonly model: string
  readonly start: (plan: LoadPlan) => Promise<ModelHost>
  /** A plan that takes less memory; undefined where there is none. */
  readonly less: (plan: LoadPlan) => LoadPlan | undefined
  readonly onRefused: (plan: LoadPlan, error: ModelError) => void
}

/* Each reads the weights anew. As many as lead from the usual slots to one, and to a quarter of the context. */
const mostAttempts = 6

/**
 * Loads a model as planned, or with less for as long as the native engine refuses: a plan is an estimate, and other
 * programs take memory too. Throws `unavailable`, with all that was tried, where it gives none.
 */
export async function loadWithLess(
  planned: LoadPlan,
  { model, start, less, onRefused }: LoadAttempts,
): Promise<ModelHost> {
  const refused: LoadPlan[] = []
  for (let plan = planned; ;) {
    try {
      return await start(plan)
    } catch (error) {
      if (!mayFitWithLess(error)) throw error
      refused.push(plan)
      onRefused(plan, error)
      const next = refused.length < mostAttempts ? less(plan) : undefined
      if (!next) throw refused.length === 1 && hasEnded(error) ? error : noneLoaded(model, refused, error)
      plan = next
    }
  }
}

function noneLoaded(model: string, refused: readonly LoadPlan[], cause: ModelError): ModelError {
  const ways = refused.map(
    ({ slots, contextTokens, memoryBytes, graphics }) =>
      `${slots} × ${contextTokens.toLocaleString('en-US')} tokens of context in ${size(memoryBytes + (graphics?.bytes ?? 0))}`,
  )
  return new ModelError(
    'unavailable',
    `model '${model}' cannot be loaded: the engine refused ${ways.join(', ')}, most likely for lack of memory. ` +
      'Close other programs, set a shorter --context, or choose a smaller model',
    { cause },
  )
}
