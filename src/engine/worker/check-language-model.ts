import type { LanguageModel, Sampler } from './language-model.ts'
import type { BatchEntry } from './model-slots.ts'

/**
 * Proves that the native calls do what the scheduler counts on: evaluate, sample, forget, go back and copy.
 * Throws an `Error` that names the call that does not.
 */
export async function checkLanguageModel(model: LanguageModel): Promise<void> {
  const tokens = model.tokenize('Hello there, hello there')
  const sampler = model.createSampler({ temperature: 0 })
  try {
    const first = await firstToken(model, { slot: 0, position: 0, tokens, samples: true }, sampler)
    if (!(await takesBack(model, tokens.length))) throw new Error('the native engine cannot take back a token')
    if (model.slots > 1) await model.copy(1, 0)
    if (!Number.isInteger(first) || first < 0) throw new Error(`the native engine sampled ${first}, which is no token`)
    if (typeof model.detokenize([first]) !== 'string') throw new Error('the native engine cannot spell a token')
  } finally {
    sampler.dispose()
    for (let slot = 0; slot < Math.min(2, model.slots); slot += 1) model.forget(slot, 0)
  }
}

async function firstToken(model: LanguageModel, entry: BatchEntry, sampler: Sampler): Promise<number> {
  const [[logits] = []] = await model.evaluate([entry])
  if (logits === undefined) throw new Error('the native engine gave no logits')
  return sampler.sample(logits)
}

/** Evaluates a token more in the first slot, and has it forgotten. */
async function takesBack(model: LanguageModel, position: number): Promise<boolean> {
  const checkpoint = model.canForget ? undefined : await model.takeCheckpoint(0)
  await model.evaluate([{ slot: 0, position, tokens: Uint32Array.of(0), samples: false }])
  const isUndone = checkpoint ? await checkpoint.restore(0) : model.forget(0, position)
  checkpoint?.dispose()
  return isUndone
}
