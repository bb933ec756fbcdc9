import { basename } from 'node:path'
import { ModelError } from '../core/errors.ts'

/** Says what is wrong with a model file and what to do. The name is the file's own, without its folder. */
export function refusal(path: string, wrong: string, cause?: unknown): ModelError {
  return new ModelError('unavailable', `${fileName(path)} ${wrong}`, cause === undefined ? {} : { cause })
}

/** Refuses a file that contradicts itself or the format. */
export function damaged(path: string, detail: string): ModelError {
  return refusal(path, `is not a sound GGUF file: ${detail}; download it again, or convert it again`)
}

/** Gives a file's name in a form that a terminal and a log can show. */
export function fileName(path: string): string {
  return basename(path)
    .replace(/\p{Cc}/gu, '?')
    .slice(0, 200)
}

/** Quotes a word of the file's own, shortened and without control characters. */
export function quoted(word: string): string {
  return JSON.stringify(word.length > 80 ? `${word.slice(0, 80)}…` : word).replace(/\p{Cc}/gu, '?')
}

/** Writes a number as `98,362,432`. */
export function grouped(value: number | bigint): string {
  return value.toLocaleString('en-US')
}
