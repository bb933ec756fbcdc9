import type { ContentBlock } from '../../core/content.ts'
import { defined, type Field } from '../json.ts'
import { isSealed, openSeal, sealReasoning } from '../reasoning-seal.ts'

/** Reads an item `reasoning`: its text as it was told, with the signature that its maker knows. */
export function decodeReasoning(item: Field): ContentBlock {
  const summary = textsOf(item.at('summary'))
  const text = (summary.length > 0 ? summary : textsOf(item.at('content'))).join('\n\n')
  const data = item.at('encrypted_content').maybe(data => data.string()) ?? ''
  const id = item.at('id').maybe(id => id.string()) ?? ''
  if (data === '') return { type: 'thinking', text, ...defined({ signature: plainSeal(id, summary.length > 0) }) }
  const own = openSeal('anthropic-messages', { type: 'thinking', text, signature: data })
  if (own?.id === redacted) return { type: 'redacted-thinking', data: own.data }
  if (own) return { type: 'thinking', text, signature: own.data }
  const signature = isSealed(data) ? data : sealReasoning('openai-responses', { id, data })
  return { type: 'thinking', text, signature }
}

/** Writes the signature of reasoning as an item holds it, which says whose it is where its maker's own form does not. */
export function encryptedContent(signature: string): string {
  return isSealed(signature) ? signature : sealReasoning('anthropic-messages', { id: '', data: signature })
}

/** Writes reasoning that only its maker can read. */
export function redactedContent(data: string): string {
  return sealReasoning('anthropic-messages', { id: redacted, data })
}

const redacted = 'redacted'
const maxParts = 10_000

/* Reasoning that is told in full and has nothing hidden is known again by its id alone; a summary is not the reasoning. */
function plainSeal(id: string, isSummary: boolean): string | undefined {
  return id === '' || isSummary ? undefined : sealReasoning('openai-responses', { id, data: '' })
}

function textsOf(field: Field): readonly string[] {
  return field.maybe(parts => parts.items(maxParts).map(part => part.at('text').string())) ?? []
}
