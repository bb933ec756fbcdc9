import { ModelError } from '../../core/errors.ts'
import { escapeLetters } from '../../core/escape-letters.ts'

/**
 * Says that a template refuses a conversation, with the reason that the template itself gives. Only words that stand
 * in the template are told: what the native renderer says besides is for the log.
 */
export function templateRefusal(source: string, cause: unknown): ModelError {
  const why = reasonIn(source, cause instanceof Error ? cause.message : String(cause))
  return new ModelError('invalid-request', `the model's chat template refuses this conversation${why ?? usualReason}`, {
    cause,
  })
}

const usualReason = "; most want user and assistant turns to alternate, beginning with the user's"

const raised = /raise_exception\(\s*(['"])((?:\\.|(?!\1)[^\\]){1,200})\1/g
const invisible = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

function reasonIn(source: string, said: string): string | undefined {
  const reasons = [...source.matchAll(raised)].map(([, , words = '']) => words.replaceAll(/\\(.)/g, '$1'))
  const reason = reasons.find(words => said.includes(words))
  return reason === undefined ? undefined : `: ${escapeLetters(JSON.stringify(reason), invisible)}`
}
