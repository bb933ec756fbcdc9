import { EvenShares } from '../../core/even-shares.ts'
import { ModelError } from '../../core/errors.ts'
import type { SseFrame } from '../../protocols/sse.ts'
import type { PullChange } from '../../services/shared-pulls.ts'
import type { FollowModelsService, ModelChange } from '../../services/watch-models.ts'
import type { Exchange } from '../exchange.ts'
import type { ServerLimits } from '../limits.ts'
import type { IsOwners } from '../owner.ts'
import { streamReply } from '../stream-reply.ts'
import type { StreamWords } from '../stream-words.ts'
import type { Route } from './route.ts'

export interface ModelEventOptions {
  readonly follow: FollowModelsService
  readonly limits: ServerLimits
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
  readonly isOwners: IsOwners
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

async function sendChanges(exchange: Exchange, options: ModelEventOptions): Promise<void> {
  const { follow, limits, stopping, isOwners } = options
  const changes = follow(AbortSignal.any([exchange.signal, stopping]))
  const told = isOwners(exchange) ? changes : withoutReasons(changes)
  await streamReply(exchange, toModelFrames(told), { ...limits, words: wordsOfModels })
}

/* Why a download fails is about the owner's network, disk and folders. */
async function* withoutReasons(changes: AsyncIterable<ModelChange>): AsyncGenerator<ModelChange> {
  for await (const change of changes) yield 'stage' in change ? { ...change, reason: onlyForTheOwner } : change
}

const onlyForTheOwner = 'it could not be downloaded; the owner of the server is told why'

/** Tells what models do, each as one event. */
export async function* toModelFrames(changes: AsyncIterable<ModelChange | PullChange>): AsyncGenerator<SseFrame> {
  for await (const change of changes) yield { event: 'model', data: JSON.stringify(change) }
}

/** What a stream about models says beside that. */
export const wordsOfModels: StreamWords = {
  keepAlive: () => [{ comment: 'keep-alive' }],
  fail: ({ message }) => [{ event: 'error', data: JSON.stringify({ message }) }],
}

function tooMany(): ModelError {
  return new ModelError('overloaded', `${mostFollowers} clients follow the models already; try again later`, {
    retryAfterMs: 10_000,
  })
}
