import * as z from 'zod'
import { routeLimits } from '../../core/route-limits.ts'
import type { ModelAlias, RouteRule } from '../../core/route-rules.ts'
import { protocol, timeouts } from './provider-shape.ts'

const name = z.string().min(1).max(100)
/* It is sent in a header. */
const ruleName = z
  .string()
  .regex(/^[\w .:/+-]{1,100}$/, 'it must be letters from a to z, digits, spaces or any of _ . : / + -, at most 100')
const modelName = z.string().min(1).max(256)
const tokens = z.number().int().nonnegative()

const pattern = z.object({
  type: z.enum(['exact', 'prefix', 'glob', 'regex']),
  text: z.string().min(1).max(routeLimits.letters),
})

const match = z.object({
  model: pattern.exactOptional(),
  protocols: z.array(protocol).max(10).exactOptional(),
  keys: z.array(name).max(1000).exactOptional(),
  headers: z.record(z.string().max(100), z.string().max(1000)).exactOptional(),
  promptTokens: z.object({ atLeast: tokens.exactOptional(), atMost: tokens.exactOptional() }).exactOptional(),
  needs: z
    .array(z.enum(['tools', 'vision', 'documents', 'thinking', 'structured-output']))
    .max(10)
    .exactOptional(),
})

const target = z.object({
  provider: z.string().min(1).max(64),
  model: modelName.exactOptional(),
  weight: z.number().min(0).max(routeLimits.weight).exactOptional(),
  timeouts: timeouts.exactOptional(),
  retries: z.number().int().min(0).max(routeLimits.retries).exactOptional(),
})

/** What a rule must be. */
export const routeRule: z.ZodType<RouteRule> = z
  .object({
    name: ruleName,
    match,
    targets: z.array(target).max(routeLimits.targets),
    isLocalOnly: z.boolean().exactOptional(),
    mostWaitMs: z.number().int().min(0).max(routeLimits.milliseconds).exactOptional(),
  })
  // A rule may do nothing but keep requests here.
  .refine(({ targets, isLocalOnly }) => targets.length > 0 || isLocalOnly === true, { path: ['targets'] })

/** What an alias must be. */
export const modelAlias: z.ZodType<ModelAlias> = z.object({ alias: pattern, model: modelName })
