import type { Answer, Written } from './collect.ts'
import type { ModelEvent } from './events.ts'

/** Tells a whole answer as a stream does. */
export function* playAnswer(answer: Answer): Generator<ModelEvent> {
  const { id, model, blocks, stop, usage, losses, extras } = answer
  yield { type: 'start', id, model, usage, ...(losses && { losses }), ...(extras && { extras }) }
  for (const [index, written] of blocks.entries()) yield* playBlock(written, index)
  yield { type: 'end', stop, usage }
}

function* playBlock(written: Written, index: number): Generator<ModelEvent> {
  yield { type: 'block-start', index, block: written.block }
  yield* playContent(written, index)
  for (const citation of written.citations ?? []) yield { type: 'citation', index, ...citation }
  if (written.signature !== undefined) yield { type: 'signature', index, signature: written.signature }
  yield { type: 'block-end', index }
}

function* playContent({ block, content, logprobs }: Written, index: number): Generator<ModelEvent> {
  if (content === '' && logprobs === undefined) return
  switch (block.type) {
    case 'text':
      yield { type: 'text-delta', index, text: content, ...(logprobs && { logprobs }) }
      return
    case 'thinking':
      yield { type: 'thinking-delta', index, text: content }
      return
    case 'tool-call':
      yield { type: 'input-delta', index, json: content }
      return
    case 'redacted-thinking':
    case 'opaque':
  }
}
