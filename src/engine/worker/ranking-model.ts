import type { LoadSettings } from '../messages.ts'
import type { LlamaModel, NativeModel } from './binding.ts'
import { hasWordPieces, openPassageContext } from './passage-context.ts'
import { joinTokens } from './prompt-tokenizer.ts'
import { cutTemplate } from './rank-template.ts'
import type { TextModel } from './serve-texts.ts'

/** Loads a model file that scores texts, and tries it. Throws what the native engine throws, and for a file without a way to join two texts. */
export async function loadRankingModel(
  settings: LoadSettings,
  onProgress: (fraction: number) => void,
): Promise<TextModel> {
  const { bindings, model, native, threads, pool } = await openPassageContext(settings, onProgress)
  const pair = pairing(model)
  const toScore = scoring(model)
  const evaluate = async (tokens: Uint32Array): Promise<Float32Array> => {
    const [raw = Number.NaN] = await pool(tokens)
    return Float32Array.of(toScore(raw))
  }
  const words = (text: string): Uint32Array => native.tokenize(text, false)
  const [tried = Number.NaN] = await evaluate(pair(words('Hello'), words('Hello')))
  if (!(tried >= 0 && tried <= 1)) throw new Error(`the model scored a text with ${tried}, which is no score`)
  return {
    contextTokens: settings.contextTokens,
    threads: threads.small,
    system: bindings.systemInfo(),
    refusal: 'model: this one ranks documents and does nothing else; ask it at /v1/rerank, or choose another',
    open: task => {
      if (task.type !== 'rank') return undefined
      const { documents } = task
      const query = words(task.query)
      const tokenize = (place: number): Uint32Array => pair(query, words(documents[place] ?? ''))
      return { count: documents.length, field: 'documents', tokenize }
    },
    evaluate,
  }
}

type Pair = (query: Uint32Array, document: Uint32Array) => Uint32Array

/** How a model wants a query and a document to be put together. What clients write is never read as control tokens. */
function pairing({ _model: native, fileInfo }: LlamaModel): Pair {
  const template = fileInfo.metadata.tokenizer?.['chat_template.rerank']
  if (template !== undefined) return templatePair(template, native)
  const [bos, eos, sep] = [known(native.tokenBos()), known(native.tokenEos()), known(native.sepToken())]
  if (eos.length === 0 && sep.length === 0) throw new Error('the model has no token that parts two texts')
  if (!hasWordPieces(native)) return between(bos, [...eos, ...sep], eos)
  const parting = sep.length > 0 ? sep : eos
  return between(bos, parting, parting)
}

/* The native engine says -1 for a token that a vocabulary lacks. */
function known(token: number): readonly number[] {
  return token < 0 ? [] : [token]
}

function between(first: readonly number[], middle: readonly number[], last: readonly number[]): Pair {
  return (query, document) =>
    joinTokens([Uint32Array.from(first), query, Uint32Array.from(middle), document, Uint32Array.from(last)])
}

function templatePair(template: string, native: NativeModel): Pair {
  const pieces = cutTemplate(template).map(piece => (piece.type === 'text' ? native.tokenize(piece.text, true) : piece))
  return (query, document) =>
    joinTokens(
      pieces.map(piece => {
        if (!('type' in piece)) return piece
        return piece.type === 'query' ? query : document
      }),
    )
}

/* The graphs of these architectures end in probabilities, those of the others in any number. */
const givesProbabilities: ReadonlySet<string> = new Set(['qwen3', 'qwen3vl'])

function scoring({ fileInfo }: LlamaModel): (raw: number) => number {
  if (givesProbabilities.has(fileInfo.metadata.general.architecture)) return raw => raw
  return raw => 1 / (1 + Math.exp(-raw))
}
