import type { ModelCard } from '../../core/model-card.ts'
import type { ModelsService } from '../../services/models.ts'
import { circumstancesOf } from '../circumstances.ts'
import { sendJson } from '../send-json.ts'
import { readPage, slicePage } from './page.ts'
import type { Route, RouteCall } from './route.ts'

/** The routes that say which models there are, in the form of whoever asks. */
export function modelRoutes(models: ModelsService): readonly Route[] {
  return [
    { method: 'GET', path: '/v1/models', access: 'key', handle: call => list(call, models) },
    { method: 'GET', path: '/v1/models/*', access: 'key', handle: call => find(call, models) },
  ]
}

async function list({ exchange }: RouteCall, models: ModelsService): Promise<void> {
  const cards = await models.list(circumstancesOf(exchange, exchange.protocol.id))
  const body =
    exchange.protocol.id === 'anthropic-messages'
      ? anthropicList(cards, exchange.query)
      : { object: 'list', data: cards.map(toOpenai) }
  sendJson(exchange, { status: 200, body })
}

async function find({ exchange, rest }: RouteCall, models: ModelsService): Promise<void> {
  const card = await models.find(rest, circumstancesOf(exchange, exchange.protocol.id))
  sendJson(exchange, {
    status: 200,
    body: exchange.protocol.id === 'anthropic-messages' ? toAnthropic(card) : toOpenai(card),
  })
}

function anthropicList(cards: readonly ModelCard[], query: string) {
  const { items, hasMore } = slicePage(cards, readPage(new URLSearchParams(query)))
  return {
    data: items.map(toAnthropic),
    has_more: hasMore,
    first_id: items[0]?.id ?? null,
    last_id: items.at(-1)?.id ?? null,
  }
}

function toAnthropic({ id, displayName, createdSeconds, capabilities }: ModelCard) {
  return {
    type: 'model',
    id,
    display_name: displayName,
    created_at: new Date(createdSeconds * 1000).toISOString().replace('.000Z', 'Z'),
    max_input_tokens: capabilities.contextTokens ?? null,
    max_tokens: capabilities.maxOutputTokens ?? null,
    capabilities: null,
    lifecycle: 'active',
    line: null,
    deprecated_at: null,
    retires_at: null,
  }
}

function toOpenai({ id, createdSeconds, ownedBy }: ModelCard) {
  return { id, object: 'model', created: createdSeconds, owned_by: ownedBy }
}
