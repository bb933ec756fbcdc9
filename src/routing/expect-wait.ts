import type { Outlook } from '../core/backend.ts'
import { formatBytes } from '../core/bytes.ts'
import type { Demand } from './demand.ts'
import type { Target } from './view.ts'

/** What a wait is estimated from. */
export interface Waiting {
  readonly target: Target
  readonly outlook: Outlook
  readonly demand: Demand
  /** The longest wait for the first token that is accepted. */
  readonly mostWaitMs: number
}

/**
 * Says why the first token of an answer would come later than is accepted: because the model must be loaded first and
 * nobody knows how long that takes, or by an estimate: the time until its turn, and the time to read what its model has
 * not read yet. Gives nothing where nothing is known.
 */
export function whyTooLate(waiting: Waiting): string | undefined {
  return whyNotLoaded(waiting.outlook) ?? whySlow(waiting)
}

function whyNotLoaded({ state, estimatedWaitMs, memory }: Outlook): string | undefined {
  if (state === 'no-room') {
    if (!memory) return 'there is no memory for the model now'
    const { neededBytes, freeBytes } = memory
    return `there is no memory for the model now: it takes ${formatBytes(neededBytes)}, and ${formatBytes(freeBytes)} can be had`
  }
  if (state !== 'loading' || estimatedWaitMs !== undefined) return undefined
  return 'the model is being loaded, and nobody knows how long that takes'
}

function whySlow(waiting: Waiting): string | undefined {
  const { outlook, mostWaitMs } = waiting
  const { estimatedWaitMs: turnMs = 0 } = outlook
  if (turnMs > mostWaitMs) return `the wait is estimated at ${Math.ceil(turnMs)} ms, more than ${mostWaitMs} ms`
  const reading = estimateReading(waiting)
  if (!reading || turnMs + reading.milliseconds <= mostWaitMs) return undefined
  const { milliseconds, unread, ahead, rate } = reading
  const whole = Math.ceil(turnMs + milliseconds)
  const beside = ahead > 0 ? ` and ${ahead} of other prompts` : ''
  const parts = `${Math.ceil(turnMs)} ms until its turn and ${Math.ceil(milliseconds)} ms to read about ${unread} of the prompt's ${waiting.demand.promptTokens} tokens${beside}, at ${Math.round(rate)} in a second`
  return `the first token is estimated after ${whole} ms, more than ${mostWaitMs} ms: ${parts}`
}

interface Reading {
  readonly milliseconds: number
  /** Tokens that the model has not read yet. */
  readonly unread: number
  /** Tokens of other prompts that are read before it is. */
  readonly ahead: number
  /** Tokens in a second. */
  readonly rate: number
}

function estimateReading({ target, outlook, demand }: Waiting): Reading | undefined {
  const { promptTokensPerSecond: rate, reading = { prompts: 0, tokens: 0 } } = outlook
  if (rate === undefined || rate <= 0) return undefined
  const unread = Math.ceil(demand.promptTokens * unreadShare(target, demand))
  // Prompts that are read at once take turns, so none is held up for longer by another than it takes itself.
  const ahead = Math.min(reading.tokens, unread * reading.prompts)
  return { milliseconds: ((unread + ahead) * 1000) / rate, unread, ahead, rate }
}

function unreadShare({ backend, model }: Target, { conversation }: Demand): number {
  if (!conversation || !backend.unreadShare) return 1
  return backend.unreadShare({ ...conversation, model })
}
