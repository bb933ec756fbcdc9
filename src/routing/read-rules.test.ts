import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ModelAlias, RouteRule } from '../core/route-rules.ts'
import { readRules } from './read-rules.ts'
import { RouteFault } from './route-fault.ts'

const target = { provider: 'openai' }
const good: RouteRule = { name: 'r', match: {}, targets: [target] }

describe('a rule is refused, and the field named,', () => {
  test.each<[string, Partial<RouteRule>, string]>([
    ['without a name', { name: '' }, 'routes.0.name "" is no name'],
    ['with a name of two lines', { name: 'a\r\nb' }, 'routes.0.name "a\\r\\nb" is no name'],
    ['without targets', { targets: [] }, 'routes.0.targets are missing'],
    [
      'with too many targets',
      { targets: Array.from({ length: 33 }, () => target) },
      'routes.0.targets are 33; 32 are allowed',
    ],
    ['with a provider without a name', { targets: [{ provider: '' }] }, 'routes.0.targets.0.provider is empty'],
    [
      'with a model without a name',
      { targets: [target, { ...target, model: '' }] },
      'routes.0.targets.1.model is empty',
    ],
    ['with a weight below zero', { targets: [{ ...target, weight: -1 }] }, 'routes.0.targets.0.weight is -1'],
    [
      'with a weight that is no number',
      { targets: [{ ...target, weight: Number.NaN }] },
      'routes.0.targets.0.weight is NaN',
    ],
    [
      'with half a retry',
      { targets: [{ ...target, retries: 0.5 }] },
      'routes.0.targets.0.retries is not a whole number',
    ],
    ['with a hundred retries', { targets: [{ ...target, retries: 100 }] }, 'routes.0.targets.0.retries is 100'],
    [
      'with no time at all',
      { targets: [{ ...target, timeouts: { idleMs: 0 } }] },
      'routes.0.targets.0.timeouts.idleMs is 0',
    ],
    [
      'with endless time',
      { targets: [{ ...target, timeouts: { totalMs: Infinity } }] },
      'routes.0.targets.0.timeouts.totalMs is Infinity',
    ],
    ['with a negative wait', { mostWaitMs: -1 }, 'routes.0.most-wait is -1'],
    [
      'with sizes that no prompt has',
      { match: { promptTokens: { atLeast: 2, atMost: 1 } } },
      'routes.0.match.prompt-tokens matches nothing',
    ],
    [
      'with an unreadable pattern',
      { match: { model: { type: 'regex', text: '(' } } },
      'routes.0.match.model is no regular expression',
    ],
    [
      'with an overlong glob for a header',
      { match: { headers: { 'x-a': '*'.repeat(300) } } },
      'routes.0.match.headers.x-a is 300 letters long',
    ],
  ])('%s', (_, changes, message) => {
    const read = () => readRules({ routes: [{ ...good, ...changes }] })
    expect(read).toThrow(RouteFault)
    expect(read).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }))
  })

  test('with the name of another one', () => {
    expect(() => readRules({ routes: [good, good] })).toThrow(/^routes\.1\.name "r" is another rule's name too/)
  })
})

test('a rule that is local-only may have no targets', () => {
  expect(readRules({ routes: [{ ...good, targets: [], isLocalOnly: true }] }).rules).toHaveLength(1)
})

describe('an alias', () => {
  const exact = (alias: string, model: string): ModelAlias => ({ alias: { type: 'exact', text: alias }, model })

  test('is followed to its end', () => {
    const { resolveAlias } = readRules({ aliases: [exact('a', 'b'), exact('b', 'c'), exact('c', 'd')] })
    expect(resolveAlias('a')).toEqual({ alias: 'a', model: 'd' })
    expect(resolveAlias('c')).toEqual({ alias: 'c', model: 'd' })
    expect(resolveAlias('d')).toBeUndefined()
  })

  test('may match its own model', () => {
    const { resolveAlias } = readRules({
      aliases: [{ alias: { type: 'prefix', text: 'claude' }, model: 'claude-here' }],
    })
    expect(resolveAlias('claude-opus')).toEqual({ alias: 'claude*', model: 'claude-here' })
    expect(resolveAlias('claude-here')).toBeUndefined()
  })

  test('of several that fit, the first one holds', () => {
    const { resolveAlias } = readRules({
      aliases: [exact('a', 'b'), { alias: { type: 'glob', text: '*' }, model: 'c' }],
    })
    // What it leads to is an alias too.
    expect(resolveAlias('a')).toEqual({ alias: 'a', model: 'c' })
  })

  test.each([
    [
      'a circle',
      [exact('a', 'b'), exact('b', 'a')],
      'aliases.0.model leads over too many aliases, or in a circle: b → a → b',
    ],
    [
      'a chain of six',
      ['a', 'b', 'c', 'd', 'e'].map((name, index) => exact(name, 'bcdef'[index] ?? '')),
      'aliases.0.model leads over',
    ],
    ['a model without a name', [exact('a', '')], 'aliases.0.model is empty'],
    [
      'an unreadable pattern',
      [{ alias: { type: 'regex', text: '[' }, model: 'a' }],
      'aliases.0.alias is no regular expression',
    ],
  ] as const)('with %s is refused', (_, aliases, message) => {
    expect(() => readRules({ aliases })).toThrow(message)
  })

  test('that was accepted leads from every name to an end that is no further alias', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'ab', 'ba')
    const alias = fc.record({
      alias: fc.record({ type: fc.constantFrom('exact' as const, 'prefix' as const), text: name }),
      model: name,
    })
    const property = fc.property(fc.array(alias, { maxLength: 5 }), name, (aliases, asked) => {
      let resolve
      try {
        resolve = readRules({ aliases }).resolveAlias
      } catch (error) {
        expect(error).toBeInstanceOf(RouteFault)
        return
      }
      const end = resolve(asked)?.model ?? asked
      expect(resolve(end)).toBeUndefined()
    })
    fc.assert(property, { numRuns: 1000 })
  })
})
