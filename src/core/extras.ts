import type { JsonObject } from './json.ts'

/** The wire formats that Duologue speaks. */
export type ProtocolId = 'anthropic-messages' | 'openai-chat' | 'openai-responses'

/** Fields that only one protocol can say, kept verbatim and replayed only to that protocol. */
export type Extras = Readonly<Partial<Record<ProtocolId, JsonObject>>>
