import { ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { KeptResponse } from '../../services/keep-responses.ts'
import { sendJson } from '../send-json.ts'
import { readLimit } from './page.ts'
import { askingOf, type RecallMeans } from './read-recalled.ts'
import { ownerOf } from './response-owner.ts'
import type { Route, RouteCall } from './route.ts'

/** The routes to responses that are stored. */
export function storedResponseRoutes(means: RecallMeans): readonly Route[] {
  const path = '/v1/responses/*'
  return [
    { method: 'GET', path, access: 'key', handle: call => tell(call, means) },
    { method: 'DELETE', path, access: 'key', handle: call => remove(call, means) },
    { method: 'POST', path, access: 'key', isBodiless: true, handle: call => cancel(call, means) },
  ]
}

async function tell({ exchange, rest }: RouteCall, means: RecallMeans): Promise<void> {
  const [id = '', ...part] = rest.split('/')
  const query = new URLSearchParams(exchange.query)
  if (part.length > 0 && part.join('/') !== 'input_items') throw unknown(rest)
  const kept = await means.responses.find(id, askingOf(exchange, means))
  if (!kept) throw unknown(id)
  if (part.length > 0) return sendJson(exchange, { status: 200, headers, body: listItems(kept, query) })
  if (query.get('stream') === 'true') {
    const problem = 'stream: a stored response is finished and told as a whole; leave it out'
    throw new ModelError('invalid-request', problem, { field: ['stream'], code: 'unsupported-value' })
  }
  sendJson(exchange, { status: 200, headers, body: kept.response })
}

async function remove({ exchange, rest }: RouteCall, { responses }: RecallMeans): Promise<void> {
  if (!(await responses.remove(rest, ownerOf(exchange)))) throw unknown(rest)
  sendJson(exchange, { status: 200, headers, body: { id: rest, object: 'response', deleted: true } })
}

async function cancel({ exchange, rest }: RouteCall, means: RecallMeans): Promise<void> {
  const [id = '', action] = rest.split('/')
  const kept = action === 'cancel' ? await means.responses.find(id, askingOf(exchange, means)) : undefined
  if (!kept) throw unknown(action === 'cancel' ? id : rest)
  throw new ModelError(
    'invalid-request',
    'only a response that is made in the background can be cancelled; this one is finished',
  )
}

/** Gives a page of what a response answers, the last item first unless asked otherwise. */
function listItems({ input }: KeptResponse, query: URLSearchParams): JsonObject {
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc')
    throw new ModelError('invalid-request', 'order: it must be asc or desc', { field: ['order'] })
  const items = order === 'asc' ? input : input.toReversed()
  const after = query.get('after')
  const start = after === null ? 0 : items.findLastIndex(({ id }) => id === after) + 1
  if (after !== null && start === 0)
    throw new ModelError('invalid-request', 'after: no item has this id; take the last one of an earlier page', {
      field: ['after'],
    })
  const data = items.slice(start, start + readLimit(query.get('limit'), 100))
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: start + data.length < items.length,
  }
}

const headers = { 'cache-control': 'no-store' }

/* Another client's response is told of as one that never was. */
function unknown(id: string): ModelError {
  return new ModelError(
    'not-found',
    `no response ${JSON.stringify(id.slice(0, 100))} is stored here, or not for this key`,
  )
}
