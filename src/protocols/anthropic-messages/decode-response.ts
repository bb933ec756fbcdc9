import type { Answer, Written } from '../../core/collect.ts'
import type { OutputBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import { arrayIn, defined, isJsonObject, objectIn, stringIn } from '../json.ts'
import { decodeOutputBlock } from './decode-block.ts'
import { broken } from './decode-error.ts'
import { asExtras, keptFields } from './extras.ts'
import { decodeStop } from './stop.ts'
import { decodeToolInput } from './tool-input.ts'
import { decodeUsage } from './usage.ts'

/** Reads a whole message as an answer. */
export function decodeAnswer(body: unknown): Answer {
  const message = objectIn(body)
  const content = arrayIn(message?.['content'])
  if (!message || !content || message['type'] !== 'message')
    throw broken('the upstream sent something that is no message')
  return {
    id: stringIn(message['id']) ?? '',
    model: stringIn(message['model']) ?? '',
    blocks: content.map(decodeWritten),
    stop: decodeStop(message),
    usage: decodeUsage(objectIn(message['usage']) ?? {}),
    ...asExtras(keptAnswer(message)),
  }
}

/** What only this protocol says of an answer. */
export function keptAnswer(message: JsonObject): JsonObject {
  const usage = keptFields(objectIn(message['usage']) ?? {}, 'usage')
  return { ...keptFields(message, 'answer'), ...(usage && { usage }) }
}

function decodeWritten(wire: unknown): Written {
  if (!isJsonObject(wire)) throw broken('the upstream sent a block that is not an object')
  const block = decodeOutputBlock(wire)
  return { block, content: contentOf(block, wire), ...signatureOf(block, wire), ...citationsOf(block, wire) }
}

function contentOf(block: OutputBlock, wire: JsonObject): string {
  switch (block.type) {
    case 'text':
      return stringIn(wire['text']) ?? ''
    case 'thinking':
      return stringIn(wire['thinking']) ?? ''
    case 'tool-call':
      return decodeToolInput(objectIn(wire['input']) ?? {})
    case 'redacted-thinking':
    case 'opaque':
      return ''
  }
}

function signatureOf(block: OutputBlock, wire: JsonObject): Pick<Written, 'signature'> {
  const signature = block.type === 'thinking' ? stringIn(wire['signature']) : undefined
  return signature === '' ? {} : defined({ signature })
}

function citationsOf(block: OutputBlock, wire: JsonObject): Pick<Written, 'citations'> {
  const citations = block.type === 'text' ? (arrayIn(wire['citations']) ?? []) : []
  const values = citations.filter(isJsonObject)
  return values.length === 0 ? {} : { citations: values.map(value => ({ protocol: 'anthropic-messages', value })) }
}
