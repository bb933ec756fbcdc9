import { EvenShares } from '../../core/even-shares.ts'
import { ModelError } from '../../core/errors.ts'
import type { SseFrame } from '../../protocols/sse.ts'
import type { FollowModelsService } from '../../services/watch-models.ts'
import type { Exchange } from '../exchange.ts'
import type { ServerLimits } from '../limits.ts'
import { streamReply } from '../stream-reply.ts'
import type { StreamWords } from '../stream-words.ts'
import type { Route } from './route.ts'

export interface ModelEventOptions {
  readonly follow: FollowModelsService
  readonly limits: ServerLimits
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
}

const mostFollowers = 128

/** The route that says what the models on this machine are doing, and goes on saying it. */
export function modelEventRoutes(options: ModelEventOptions): readonly Route[] {
  const followers = new EvenShares()
  const handle = async ({ exchange }: { readonly exchange: Exchange }): Promise<void> => {
    const who = exchange.key?.name ?? ''
    if (!followers.hasRoom(who, 1, mostFollowers)) throw tooMany()
    followers.take(who, 1)
    try {
      await sendChanges(exchange, options)
    } finally {
      followers.giveBack(who, 1)
    }
  }
  return [{ method: 'GET', path: '/duologue/models/events', access: 'key', handle }]
}

async function sendChanges(exchange: Exchange, { follow, limits, stopping }: ModelEventOptions): Promise<void> {
  const until = AbortSignal.any([exchange.signal, stopping])
  await streamReply(exchange, toFrames(follow(until)), { ...limits, words })
}

async function* toFrames(changes: ReturnType<FollowModelsService>): AsyncGenerator<SseFrame> {
  for await (const change of changes) yield { event: 'model', data: JSON.stringify(change) }
}

const words: StreamWords = {
  keepAlive: () => [{ comment: 'keep-alive' }],
  fail: ({ message }) => [{ event: 'error', data: JSON.stringify({ message }) }],
}

function tooMany(): ModelError {
  return new ModelError('overloaded', `${mostFollowers} clients follow the models already; try again later`, {
    retryAfterMs: 10_000,
  })
}
