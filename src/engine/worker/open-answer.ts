import type { ChatPrompt } from '../chat-prompt.ts'
import type { OutputFormat, Tags } from './output/output-format.ts'

/** A prompt's text up to where the model goes on. */
export interface RenderedPrompt {
  readonly text: string
  /** What the prompt has opened for the answer to begin in. */
  readonly begins?: 'thinking' | 'text'
}

/**
 * Completes a drawn prompt: the beginning of the answer that the client gave, reasoning closed for those who want none,
 * and opened where the answer after it has a shape that must be kept.
 */
export function openAnswer(
  drawn: string,
  { prompt, format }: { prompt: ChatPrompt; format: OutputFormat },
): RenderedPrompt {
  if (format.type === 'harmony') return openChannel(drawn, prompt)
  return format.thinking ? openTagged(drawn, prompt, format.thinking) : { text: drawn + prompt.prefill }
}

function openTagged(drawn: string, prompt: ChatPrompt, { open, close }: Tags): RenderedPrompt {
  const { prefill, thinking } = prompt
  if (drawn.trimEnd().endsWith(open)) {
    if (prefill === '' && thinking !== false) return { text: drawn, begins: 'thinking' }
    return { text: `${drawn.trimEnd()}\n\n${close}\n\n${prefill}` }
  }
  const opens = thinking === true && prefill === '' && isShaped(prompt)
  return opens ? { text: `${drawn}${open}\n`, begins: 'thinking' } : { text: drawn + prefill }
}

function openChannel(drawn: string, prompt: ChatPrompt): RenderedPrompt {
  const { prefill, thinking } = prompt
  if (prefill !== '') return { text: `${drawn}<|channel|>final<|message|>${prefill}`, begins: 'text' }
  const opens = thinking !== false && isShaped(prompt)
  return opens ? { text: `${drawn}<|channel|>analysis<|message|>`, begins: 'thinking' } : { text: drawn }
}

function isShaped({ toolChoice, responseFormat }: ChatPrompt): boolean {
  return toolChoice?.type === 'any' || toolChoice?.type === 'tool' || responseFormat !== undefined
}
