import { beforeAll, expect, test } from 'vitest'
import { provisionForTests } from '../../../test/support/engine-package.ts'
import { askFor } from '../../../test/support/engine.ts'
import { serveInProcess } from '../../../test/support/serve-in-process.ts'
import { usualPacing } from '../../../test/support/usual-pacing.ts'
import { useTinyModel } from '../../../test/support/use-tiny-model.ts'
import { loadLanguageModel } from './language-model.ts'
import type { LanguageModel } from './language-model.ts'

const files = useTinyModel()
let model: LanguageModel

beforeAll(async () => {
  const packageDirectory = await provisionForTests()
  const computation = { pacing: usualPacing, cacheType: 'f16', flashAttention: 'auto', adapters: [] } as const
  const sizes = { use: 'answers' as const, contextTokens: 2048, slots: 1, batchTokens: 512, threads: 1 }
  model = await loadLanguageModel({ modelPath: files.tiny, packageDirectory, ...sizes, ...computation }, () => {})
})

/* Long enough that others go on while it is read. */
const long = Array.from({ length: 38 }, (_, line) => `Line ${line} is not like the one before it.`).join('\n')

test('others go on while a long prompt is read, and its tokens are the same', async () => {
  let pauses = 0
  const pieces = [{ text: long, isWords: false }]
  const tokens = await model.tokenizePrompt(pieces, async () => void (pauses += 1))
  expect(tokens).toEqual(model.tokenize(long))
  expect(pauses).toBe(1)
})

test('who came first is answered first, however long the prompt is', async () => {
  const served = await serveInProcess(model)
  const answered: string[] = []
  const answers = [long, 'Short'].map(text => served.open(askFor(text, { maxTokens: 1 })))
  await Promise.all(answers.map(({ whole }, place) => whole.then(() => answered.push(['long', 'short'][place] ?? ''))))
  await served.end()
  expect(answered).toEqual(['long', 'short'])
})
