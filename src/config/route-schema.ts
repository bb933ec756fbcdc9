import * as z from 'zod'
import { routeLimits } from '../core/route-limits.ts'
import { modelPattern } from './model-pattern.ts'
import { briefly } from './quantities.ts'
import { rename } from './rename.ts'
import { targetTimeoutsSchema } from './timeouts.ts'
import { number, oneOf, wholeNumber, words, yes } from './values.ts'

const mostTokens = 1_000_000_000
const { targets: mostTargets, retries: mostRetries, weight: mostWeight } = routeLimits

/* It is sent in a header. */
const ruleName = words.regex(/^[\w .:/+-]{1,100}$/, 'it must be 1 to 100 letters, digits, spaces and . : / + _ -')

const tokens = wholeNumber(0, mostTokens).exactOptional()

const match = z
  .strictObject({
    model: modelPattern.exactOptional().describe('a name, a prefix as claude-*, a glob, or /an expression/'),
    protocols: z
      .array(oneOf('anthropic-messages', 'openai-chat', 'openai-responses'))
      .min(1)
      .exactOptional(),
    keys: z.array(words).min(1).exactOptional().describe('names of keys'),
    headers: z.record(z.string(), z.string()).exactOptional().describe('globs that the values must match'),
    'prompt-tokens': z
      .strictObject({ 'at-least': tokens, 'at-most': tokens })
      .refine(
        range => (range['at-least'] ?? 0) <= (range['at-most'] ?? mostTokens),
        'at-least must not be more than at-most',
      )
      .transform(value => rename(value, { 'at-least': 'atLeast', 'at-most': 'atMost' }))
      .exactOptional(),
    needs: z
      .array(oneOf('tools', 'vision', 'documents', 'thinking', 'structured-output'))
      .min(1)
      .exactOptional(),
  })
  .transform(({ headers, ...value }) => ({
    ...rename(value, { 'prompt-tokens': 'promptTokens' }),
    ...(headers !== undefined && {
      headers: Object.fromEntries(Object.entries(headers).map(([name, glob]) => [name.toLowerCase(), glob])),
    }),
  }))

/** A target as a map. */
export const targetSchema = z.strictObject({
  provider: words.describe('a provider’s name, or local for the embedded engine'),
  model: words.exactOptional(),
  weight: number(0, mostWeight).exactOptional(),
  timeouts: targetTimeoutsSchema.exactOptional(),
  retries: wholeNumber(0, mostRetries).exactOptional(),
})

const shortTarget = z
  .string()
  .regex(/^[^/\s]+(\/.+)?$/, 'write it as provider or provider/model')
  .transform(text => {
    const [provider = '', ...model] = text.split('/')
    return { provider, ...(model.length > 0 && { model: model.join('/') }) }
  })

/** One entry of `routes`. */
export const routeSchema = z
  .strictObject({
    name: ruleName,
    match: match.default({}),
    targets: z
      .array(z.union([shortTarget, targetSchema]))
      .max(mostTargets, `at most ${mostTargets} are possible`)
      .default([]),
    'local-only': yes.exactOptional(),
    'most-wait': briefly.exactOptional().describe('a target whose first token takes longer makes way for the next'),
  })
  .refine(rule => rule.targets.length > 0 || rule['local-only'] === true, {
    path: ['targets'],
    message: 'they are missing; only a rule that is local-only may leave them to others',
  })
  .transform(value => rename(value, { 'local-only': 'isLocalOnly', 'most-wait': 'mostWaitMs' }))
