import type { ModelPattern } from './route-rules.ts'

/** Writes a pattern as people and the configuration file do. */
export function writeModelPattern({ type, text }: ModelPattern): string {
  if (type === 'regex') return `/${text}/`
  return type === 'prefix' ? `${text}*` : text
}
