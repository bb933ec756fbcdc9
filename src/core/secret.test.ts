import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from './secret.ts'

test('a secret is told by nothing but reveal', () => {
  const secret = new Secret('sk-canary')
  const told = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true }),
    format('%s %o', secret, secret),
  ]
  expect(told.join(' ')).not.toContain('canary')
  expect(secret.reveal()).toBe('sk-canary')
})
