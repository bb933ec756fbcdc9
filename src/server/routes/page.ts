import { ModelError } from '../../core/errors.ts'
import type { ModelCard } from '../../core/model-card.ts'

/** Which part of a list is asked for: `limit` items next to one that the client names, or from the start. */
export interface Page {
  readonly limit: number
  readonly afterId?: string
  readonly beforeId?: string
}

const defaultLimit = 20
const maxLimit = 1000

/** Reads `limit`, `after_id` and `before_id`. Throws `invalid-request`, naming the parameter. */
export function readPage(query: URLSearchParams): Page {
  const afterId = query.get('after_id')
  const beforeId = query.get('before_id')
  if (afterId !== null && beforeId !== null) {
    throw new ModelError('invalid-request', 'after_id: it cannot be used together with before_id; send one of them')
  }
  return {
    limit: readLimit(query.get('limit')),
    ...(afterId !== null && { afterId }),
    ...(beforeId !== null && { beforeId }),
  }
}

/** Reads how many items are asked for. Throws `invalid-request` for more than `most`. */
export function readLimit(text: string | null, most: number = maxLimit): number {
  if (text === null) return defaultLimit
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= most) return limit
  throw new ModelError('invalid-request', `limit: it must be a whole number from 1 to ${most}`, {
    field: ['limit'],
  })
}

/** Gives the page of a list, and whether there are more items in its direction. */
export function slicePage(
  cards: readonly ModelCard[],
  page: Page,
): { readonly items: readonly ModelCard[]; readonly hasMore: boolean } {
  if (page.beforeId !== undefined) {
    const end = indexOf(cards, page.beforeId, 'before_id')
    const start = Math.max(0, end - page.limit)
    return { items: cards.slice(start, end), hasMore: start > 0 }
  }
  const start = page.afterId === undefined ? 0 : indexOf(cards, page.afterId, 'after_id') + 1
  const end = start + page.limit
  return { items: cards.slice(start, end), hasMore: end < cards.length }
}

function indexOf(cards: readonly ModelCard[], id: string, parameter: string): number {
  const index = cards.findIndex(card => card.id === id)
  if (index >= 0) return index
  throw new ModelError('invalid-request', `${parameter}: no model has this id; take one of an earlier page`, {
    field: [parameter],
  })
}
