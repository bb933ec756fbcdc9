import { writeFile } from 'node:fs/promises'
import { encodeGguf, float32Bytes } from './gguf-writer.ts'
import type { GgufToWrite, MetadataValue, TensorToWrite } from './gguf-writer.ts'
import { tinyModel } from './tiny-model.ts'
import { tinyVocabulary } from './tiny-vocabulary.ts'
import { randomWeights } from './tiny-weights.ts'

export interface Recital {
  /** A template whose prompts end with a line break: that is what the model answers. */
  readonly chatTemplate: string
  readonly text: string
  /** 16384 by default. */
  readonly contextLength?: number
}

const width = 64
const pieceLength = 16

/**
 * Writes a model that says one text after every prompt, whatever is asked, and then ends.
 * Each token is followed by the one that its own vector points at; attention and layers add nothing.
 */
export async function writeRecitingModel(path: string, recital: Recital): Promise<void> {
  await writeFile(path, encodeGguf(recitingModel(recital)))
}

function recitingModel({ chatTemplate, text, contextLength = 16_384 }: Recital): GgufToWrite {
  const pieces = piecesOf(text)
  const known = tinyVocabulary.tokens.length
  const tokens = [...tinyVocabulary.tokens, ...pieces]
  const said = [tinyVocabulary.tokens.indexOf('Ċ'), ...pieces.map((_, index) => known + index)]
  const next = new Map(said.map((token, index) => [token, said[index + 1] ?? tokens.indexOf('<|im_end|>')]))
  const { metadata, tensors } = tinyModel({ chatTemplate, contextLength, layers: 1 })
  const replaced: Readonly<Record<string, MetadataValue>> = {
    'llama.vocab_size': { type: 'u32', value: tokens.length },
    'tokenizer.ggml.tokens': { type: 'array', of: 'string', values: tokens },
    'tokenizer.ggml.token_type': {
      type: 'array',
      of: 'i32',
      values: [...tinyVocabulary.types, ...pieces.map(() => 4)],
    },
  }
  const others = tensors.filter(({ name }) => name !== 'token_embd.weight' && name !== 'output.weight')
  return {
    metadata: metadata.map(([key, value]) => [key, replaced[key] ?? value]),
    tensors: [...others.map(silent), ...wordTensors(tokens.length, next)],
  }
}

/* Each piece is a token of its own, so none may come twice: one that did is made longer. */
function piecesOf(text: string): readonly string[] {
  const pieces = new Set<string>()
  let piece = ''
  for (const char of text) {
    piece += char
    if (piece.length < pieceLength || pieces.has(piece)) continue
    pieces.add(piece)
    piece = ''
  }
  const whole = [...pieces]
  const last = whole.pop() ?? ''
  return [...whole, last + piece]
}

function silent(tensor: TensorToWrite): TensorToWrite {
  const adds = tensor.name.endsWith('attn_output.weight') || tensor.name.endsWith('ffn_down.weight')
  return adds ? { ...tensor, data: new Uint8Array(tensor.data.length) } : tensor
}

/** Vectors of tokens, and for each token the vectors of those that it follows. */
function wordTensors(count: number, next: ReadonlyMap<number, number>): readonly TensorToWrite[] {
  const words = randomWeights(1).weights('token_embd.weight', [width, count], Math.sqrt(width))
  const vectors = new Float32Array(Uint8Array.from(words.data).buffer)
  const rows = new Float32Array(vectors.length)
  for (const [token, follower] of next) {
    for (let at = 0; at < width; at += 1) {
      const index = follower * width + at
      rows[index] = (rows[index] ?? 0) + (vectors[token * width + at] ?? 0)
    }
  }
  return [words, { name: 'output.weight', dimensions: [width, count], typeId: 0, data: float32Bytes(rows) }]
}
