import type { Json } from '../../core/json.ts'
import { arrayIn, objectIn, stringIn } from '../json.ts'
import { broken } from '../openai-errors.ts'

/** A piece of an answer's content. */
export interface Said {
  readonly type: 'text' | 'thinking'
  readonly text: string
}

/** Reads `content`: text, or the pieces in which Mistral tells reasoning from text. What only refers to sources is left out. */
export function decodeContent(content: Json | undefined): readonly Said[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  const pieces = arrayIn(content)
  if (!pieces) throw broken('`content` that is not text')
  return pieces.flatMap(decodePiece)
}

function decodePiece(piece: Json): readonly Said[] {
  const fields = objectIn(piece) ?? {}
  switch (stringIn(fields['type'])) {
    case 'text':
    case 'output_text':
      return [{ type: 'text', text: textOf(fields['text']) }]
    case 'thinking': {
      const { thinking } = fields
      const inner = arrayIn(thinking)?.map(part => textOf(objectIn(part)?.['text']))
      return [{ type: 'thinking', text: inner?.join('') ?? textOf(thinking) }]
    }
    case 'reference':
      return []
    case undefined:
    default:
      throw broken('`content` in pieces that are not known')
  }
}

function textOf(text: Json | undefined): string {
  if (typeof text !== 'string') throw broken('`content` that is not text')
  return text
}
