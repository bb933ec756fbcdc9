import { onTestFinished } from 'vitest'
import type { ModelEvent } from '../../src/core/events.ts'
import type { ProviderSettings } from '../../src/core/provider-settings.ts'
import type { ModelRequest } from '../../src/core/request.ts'
import { Secret } from '../../src/core/secret.ts'
import { createProvider } from '../../src/providers/create-provider.ts'
import { loadKnowledge } from '../../src/providers/knowledge.ts'
import { createOutbound } from '../../src/providers/outbound.ts'
import type { Provider } from '../../src/providers/provider.ts'

/** A key that must appear nowhere but in one header of one request. */
export const canary = 'sk-canary-4f9a1c77'

const knowledge = await loadKnowledge()

/** A provider for one test, on the real way out. */
export function provide(
  settings: Partial<ProviderSettings> & Pick<ProviderSettings, 'kind'>,
  now: () => number = () => 0,
): Provider {
  const outbound = createOutbound()
  const provider = createProvider({ id: 'there', key: new Secret(canary), ...settings }, { outbound, now, knowledge })
  onTestFinished(async () => {
    provider.close()
    await outbound.close()
  })
  return provider
}

export const request: ModelRequest = {
  model: 'm-1',
  system: [],
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
  maxTokens: 100,
}

export const never: AbortSignal = new AbortController().signal

/** What an answer told before it ended or failed. */
export interface Told {
  readonly events: readonly ModelEvent[]
  readonly failure?: unknown
}

/** Reads an answer to its end or its failure. */
export async function tell(events: AsyncIterable<ModelEvent>): Promise<Told> {
  const told: ModelEvent[] = []
  try {
    for await (const event of events) told.push(event)
    return { events: told }
  } catch (failure) {
    return { events: told, failure }
  }
}
