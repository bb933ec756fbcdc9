import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CacheReport } from '../src/core/cache-report.ts'
import type { ModelRequest } from '../src/core/request.ts'
import type { Engine } from '../src/engine/engine.ts'
import { anthropicMessages } from '../src/protocols/anthropic-messages/index.ts'

export type WireBlock = Readonly<Record<string, unknown>>

export interface WireMessage {
  readonly role: 'user' | 'assistant'
  readonly content: readonly WireBlock[]
}

/** One request of the session: a conversation up to some message, spelled in one of the ways in which agents do. */
export interface SessionTurn {
  readonly conversation: string
  readonly messages: number
  readonly billing: string
  readonly isToolsReversed?: boolean
  readonly isKeysReversed?: boolean
}

export interface Session {
  readonly system: readonly string[]
  readonly tools: readonly WireBlock[]
  readonly conversations: Readonly<Record<string, readonly WireMessage[]>>
  readonly turns: readonly SessionTurn[]
}

/** What one turn cost. */
export interface TurnCost {
  readonly conversation: string
  readonly report: CacheReport
  /** The tokens of this prompt that no earlier one of the session had. */
  readonly newTokens: number
  readonly firstTokenMs: number
}

export async function readSession(): Promise<Session> {
  const path = join(import.meta.dirname, '..', 'test', 'fixtures', 'agent-session.json')
  return JSON.parse(await readFile(path, 'utf8'))
}

/** The request of a turn, as it comes over the wire and is decoded. */
export function toRequest(session: Session, turn: SessionTurn, model: string): ModelRequest {
  const tools = turn.isToolsReversed ? session.tools.toReversed() : session.tools
  const messages = (session.conversations[turn.conversation] ?? []).slice(0, turn.messages)
  const body = {
    model,
    max_tokens: 8,
    system: [
      { type: 'text', text: `x-anthropic-billing-header: ${turn.billing}; cc_entrypoint=cli;` },
      ...session.system.map((text, index) => ({ type: 'text', text, ...(index > 0 && marked) })),
    ],
    tools: turn.isKeysReversed ? tools.map(reversed) : tools,
    messages: messages.map((message, index) => (index === messages.length - 1 ? lastMarked(message) : plain(message))),
  }
  return anthropicMessages.server.decodeRequest(body, {}).request
}

const marked = { cache_control: { type: 'ephemeral' } } as const

function lastMarked({ role, content }: WireMessage): WireMessage {
  return {
    role,
    content: content.map((block, index) => (index === content.length - 1 ? { ...block, ...marked } : block)),
  }
}

/* A turn that is not the last one loses its mark, and one text block becomes a string. */
function plain({ role, content }: WireMessage): { role: string; content: unknown } {
  const [only, ...more] = content
  return { role, content: only?.['type'] === 'text' && more.length === 0 ? only['text'] : content }
}

function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).toReversed()
  return Object.fromEntries(entries.map(([key, item]) => [key, reversed(item)]))
}

/** Plays the whole session, one turn after the other. */
export async function* play(session: Session, engine: Engine, model: string): AsyncGenerator<TurnCost> {
  const before = new Map<string, number>()
  const shared = await sharedTokens(session, engine, model)
  for (const turn of session.turns) {
    const request = toRequest(session, turn, model)
    const { report, firstTokenMs } = await ask(engine, request)
    const known = before.get(turn.conversation) ?? (before.size === 0 ? 0 : shared)
    before.set(turn.conversation, report.promptTokens)
    // The last token of a prompt is always evaluated.
    yield { conversation: turn.conversation, report, firstTokenMs, newTokens: Math.max(1, report.promptTokens - known) }
  }
}

/* What closes a turn and opens the answer, in any template: these tokens come after a first message. */
const closingTokens = 10

/** The system prompt and the tools, with which every conversation begins. */
async function sharedTokens(session: Session, engine: Engine, model: string): Promise<number> {
  const first = session.turns[0]
  if (!first) throw new Error('the session has no turn')
  const messages: ModelRequest['messages'] = [{ role: 'user', content: [{ type: 'text', text: 'a' }] }]
  const count = await engine.countTokens(
    { ...toRequest(session, first, model), messages },
    new AbortController().signal,
  )
  return count - closingTokens
}

async function ask(engine: Engine, request: ModelRequest): Promise<Pick<TurnCost, 'report' | 'firstTokenMs'>> {
  const began = performance.now()
  let report: CacheReport | undefined
  let firstTokenMs: number | undefined
  for await (const event of engine.stream(request, new AbortController().signal)) {
    if (event.type === 'start') report = event.cache
    else firstTokenMs ??= performance.now() - began
  }
  if (!report || firstTokenMs === undefined) throw new Error('the answer did not begin')
  return { report, firstTokenMs }
}
