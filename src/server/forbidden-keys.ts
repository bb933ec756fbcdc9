import { ModelError } from '../core/errors.ts'
import type { JsonGlance } from './json-guard.ts'

/** Whether a JSON text may hold a key that changes what objects are; where not, no one need look for it. */
export function mayHoldForbiddenKeys(bytes: Buffer, { hasMaskedString }: JsonGlance): boolean {
  return hasMaskedString || bytes.includes('__proto__') || bytes.includes('prototype')
}

/** Refuses a value that holds `__proto__`, or `constructor` with `prototype`, as keys at any depth. */
export function refuseForbiddenKeys(value: unknown): void {
  const left: unknown[] = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next !== 'object' || next === null) continue
    if (Object.hasOwn(next, '__proto__')) throw refusal('__proto__')
    const maker: unknown = Object.hasOwn(next, 'constructor') ? Reflect.get(next, 'constructor') : undefined
    if (typeof maker === 'object' && maker !== null && Object.hasOwn(maker, 'prototype')) {
      throw refusal('constructor.prototype')
    }
    for (const child of Object.values(next)) left.push(child)
  }
}

function refusal(key: string): ModelError {
  return new ModelError('invalid-request', `the request body holds the key ${JSON.stringify(key)}; rename it`)
}
