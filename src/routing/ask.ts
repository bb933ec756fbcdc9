import type { RelayedPiece, RelayRequest } from '../core/backend.ts'
import type { CompletionRequest } from '../core/completion.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelStream } from '../core/events.ts'
import type { Loss } from '../core/loss.ts'
import type { ModelRequest } from '../core/request.ts'
import type { Target } from './view.ts'

/** What is asked of whichever target answers in the end. */
export interface Ask {
  /** The name that the client gave. */
  readonly model: string
  /** Asks a target. Nothing happens before the first `next()`. */
  open(target: Target, signal: AbortSignal): ModelStream
  /** What a target could not be told, as far as that is known beforehand. */
  losses(target: Target): readonly Loss[]
  /** Gives the way to pass the whole exchange on to a target, where that can be. */
  relay(target: Target): Relay | undefined
}

/** The way to pass a whole exchange on. */
export interface Relay {
  /** Whether the answer comes in pieces as it is made, and not as a whole at its end. */
  readonly isStreaming: boolean
  open(signal: AbortSignal): AsyncIterable<RelayedPiece>
}

/** Asks for the answer to a conversation; relays the request as it came, where it is given and the target can take it. */
export function askFor(request: ModelRequest, came?: Omit<RelayRequest, 'model'>): Ask {
  return {
    model: request.model,
    open: ({ backend, model }, signal) => backend.stream({ ...request, model }, signal),
    losses: ({ backend, model }) => backend.losses?.({ ...request, model }) ?? [],
    relay: ({ backend, model }) => {
      const relay = backend.relay?.bind(backend)
      if (!came || !relay || backend.relays?.(came, { ...request, model }) !== true) return undefined
      return { isStreaming: came.isStreaming, open: signal => relay({ ...came, model }, signal) }
    },
  }
}

/** Asks for raw text to be gone on with. */
export function askToComplete(request: CompletionRequest): Ask {
  return {
    model: request.model,
    open: ({ backend, model }, signal) => {
      if (backend.complete) return backend.complete({ ...request, model }, signal)
      throw takesNoPrompts(request.model)
    },
    losses: () => [],
    relay: () => undefined,
  }
}

function takesNoPrompts(model: string): ModelError {
  return new ModelError(
    'invalid-request',
    `model: ${JSON.stringify(model)} is served by a backend that takes no raw prompts; ask it at /v1/chat/completions, or choose a model on this machine`,
    { field: ['model'], code: 'unsupported-value' },
  )
}
