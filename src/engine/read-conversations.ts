import { createHash } from 'node:crypto'
import type { ModelRequest } from '../core/request.ts'

/** Remembers which conversations a model has read of late, to estimate how much of the next one is new to it. */
export interface ReadConversations {
  /** Notes that a model has read a conversation. */
  note(request: ModelRequest): void
  /** What part of a conversation its model has not read, from 0 to 1; by size, for nobody has counted the tokens. */
  unreadShare(request: ModelRequest): number
  /** Forgets what a model has read, as it does itself when its process ends. */
  forget(model: string): void
}

/* Each stands for a conversation up to one of its turns. */
const mostBeginnings = 4096

/** Starts to remember. Of a conversation only digests are kept. */
export function createReadConversations(): ReadConversations {
  const known = new Map<string, Set<string>>()
  return {
    note: request => {
      const beginnings = known.get(request.model) ?? new Set()
      known.set(request.model, beginnings)
      for (const { digest } of beginningsOf(request)) {
        // What was met last stands last, so that the oldest are forgotten first.
        beginnings.delete(digest)
        beginnings.add(digest)
      }
      for (const oldest of beginnings) {
        if (beginnings.size <= mostBeginnings) break
        beginnings.delete(oldest)
      }
    },
    unreadShare: request => {
      const beginnings = beginningsOf(request)
      const read = beginnings.findLast(({ digest }) => known.get(request.model)?.has(digest))
      const whole = beginnings.at(-1)?.size ?? 0
      return whole === 0 ? 1 : 1 - (read?.size ?? 0) / whole
    },
    forget: model => void known.delete(model),
  }
}

interface Beginning {
  readonly digest: string
  /** The letters of its texts. */
  readonly size: number
}

/** The beginnings of a conversation: what stands before it, and then up to each of its turns. */
function beginningsOf({ system, tools = [], messages }: ModelRequest): readonly Beginning[] {
  const hash = createHash('sha256')
  let size = 0
  // Clients move the marks of what is to be kept from turn to turn; they are no part of the prompt.
  const measure = (key: string, value: unknown): unknown => {
    if (key === 'cache') return undefined
    if (typeof value === 'string') size += value.length
    return value
  }
  return [{ system, tools }, ...messages].map(piece => {
    hash.update(JSON.stringify(piece, measure))
    return { digest: hash.copy().digest('base64url'), size }
  })
}
