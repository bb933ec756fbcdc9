import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

/* The native matcher of grammars, in a process of its own: a fault in native code ends this process and no other. */

export type GrammarQuestion =
  | { readonly type: 'match'; readonly grammar: string; readonly texts: readonly string[] }
  | { readonly type: 'write'; readonly grammar: string; readonly seed: number; readonly mostTokens: number }

export type GrammarReply =
  | { readonly type: 'matched'; readonly accepted: readonly boolean[]; readonly compileMs: number }
  /** `isWhole` says that the model ended by itself, as it may only where the grammar is satisfied. */
  | { readonly type: 'written'; readonly text: string; readonly isWhole: boolean }
  | { readonly type: 'refused' }

const [packageDirectory = '', modelPath = ''] = process.argv.slice(2)
const { getLlama, LlamaGrammarEvaluationState } = await import(
  pathToFileURL(join(packageDirectory, 'dist', 'index.js')).href
)
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: 'disabled', maxThreads: 1 })
const model = await llama.loadModel({ modelPath })
const context = await model.createContext({ sequences: 1, contextSize: 2048, batchSize: 256, threads: 1 })
const native = context._ctx

async function answer(question: GrammarQuestion): Promise<GrammarReply> {
  const started = performance.now()
  let grammar
  try {
    grammar = await llama.createGrammar({ grammar: question.grammar })
  } catch {
    return { type: 'refused' }
  }
  const compileMs = performance.now() - started
  if (question.type === 'write') return write(grammar, question)
  return { type: 'matched', accepted: question.texts.map(text => grammar._testText(text)), compileMs }
}

async function write(
  grammar: unknown,
  { seed, mostTokens }: { seed: number; mostTokens: number },
): Promise<GrammarReply> {
  const state = new LlamaGrammarEvaluationState({ model, grammar })._state
  const sampler = new llama._bindings.AddonSampler(model._model)
  sampler.applyConfig({ temperature: 1, topK: 0, topP: 1, minP: 0, seed, grammarEvaluationState: state })
  native.removeTokenCellsFromSequence(0, 0, -1)
  const written: number[] = []
  let tokens: Uint32Array = model._model.tokenize('JSON:', true)
  let position = 0
  try {
    while (written.length < mostTokens) {
      native.initBatch(tokens.length)
      const [logits] = native.addToBatch(0, position, tokens, Uint32Array.of(tokens.length - 1))
      await native.decodeBatch()
      position += tokens.length
      const token = await native.sampleToken(logits, sampler)
      if (model._model.isEogToken(token)) break
      written.push(token)
      tokens = Uint32Array.of(token)
    }
  } finally {
    sampler.dispose()
  }
  const text: string = model._model.detokenize(Uint32Array.from(written))
  return { type: 'written', text, isWhole: written.length < mostTokens }
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const question: GrammarQuestion = JSON.parse(line)
  process.stdout.write(`${JSON.stringify(await answer(question))}\n`)
}
process.exit(0)
