import type { Json } from '../../core/json.ts'

/** Names a call that the upstream gave no id, as Google's does: as unique as the answer that it stands in. */
export function madeCallId(answerId: string, index: number): string {
  return `call_${answerId.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 40)}_${index}`
}

/** Gives the arguments of a call as JSON text, for the servers that send the value itself. */
export function argumentsIn(value: Json | undefined): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
