import * as z from 'zod'
import { secretIn } from '../../core/open-address.ts'
import type { ProviderSettings } from '../../core/provider-settings.ts'
import type { Secret } from '../../core/secret.ts'

/* A day is longer than any answer; all numbers need a bound. */
const milliseconds = z.number().int().min(0).max(86_400_000)
const tokens = z.number().int().nonnegative()
const claim = z.boolean().exactOptional()
const price = z.number().min(0).max(1_000_000).exactOptional()
const text = z.string().max(4096)

/** How a provider is named: short enough for headers and tables, and free of what separates names elsewhere. */
export const providerId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'it must be letters, digits, ".", "_" or "-", at most 64')
  .refine(id => id !== 'local', '"local" is the embedded engine’s own name; choose another')

/** What a header or a variable of the environment is called. */
export const secretName = z.string().regex(/^(key|header:[\w!#$%&'*+.^`|~-]{1,100}|environment:\w{1,100})$/)

const capabilities = z.object({
  contextTokens: tokens.exactOptional(),
  maxOutputTokens: tokens.exactOptional(),
  tools: claim,
  vision: claim,
  documents: claim,
  thinking: claim,
  structuredOutput: claim,
  embeddings: claim,
  rerank: claim,
})

const model = z.object({
  id: z.string().min(1).max(256),
  capabilities: capabilities.exactOptional(),
  prices: z.object({ input: price, cacheRead: price, cacheWrite: price, output: price }).exactOptional(),
})

/* Its environment is kept among the secrets. */
const command = z.object({
  program: text.min(1),
  arguments: z.array(text).max(200),
  idleMs: milliseconds.exactOptional(),
  startMs: milliseconds.exactOptional(),
})

/** How long to wait for what. */
export const timeouts = z.object({
  connectMs: milliseconds.exactOptional(),
  firstTokenMs: milliseconds.exactOptional(),
  idleMs: milliseconds.exactOptional(),
  totalMs: milliseconds.exactOptional(),
})

/** The wire formats by name. */
export const protocol = z.enum(['anthropic-messages', 'openai-chat', 'openai-responses'])

/** What of a provider may be read by whoever reads the database: all but its secrets. */
export const openSettings = z.object({
  id: providerId,
  kind: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    // It is kept openly, so it may hold no password.
    .refine(address => secretIn(address) !== 'password', 'it must hold no name or password; give the key as key')
    .exactOptional(),
  protocol: protocol.exactOptional(),
  isLocal: claim,
  models: z.array(model).max(2000).exactOptional(),
  command: command.exactOptional(),
  timeouts: timeouts.exactOptional(),
  checkEveryMs: z.union([z.number().int().min(1000).max(3_600_000), z.literal('never')]).exactOptional(),
})

/** The secrets of a provider: what opens them, and their names as `secretName` has them. */
export type SecretTexts = ReadonlyMap<string, Secret>

/** What is written openly of a provider. */
export type OpenSettings = z.infer<typeof openSettings>

/** Gives whole settings from their open part and their secrets. */
export function joinSettings(open: OpenSettings, secrets: SecretTexts): ProviderSettings {
  const key = secrets.get('key')
  const headers = named(secrets, 'header:')
  const environment = named(secrets, 'environment:').map(([name, secret]) => [name, secret.reveal()] as const)
  const { command, ...rest } = open
  return {
    ...rest,
    ...(key && { key }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
    ...(command && {
      command: { ...command, ...(environment.length > 0 && { environment: Object.fromEntries(environment) }) },
    }),
  }
}

/** Gives the secrets of whole settings, as texts by name. */
export function secretsOf({ key, headers = {}, command }: ProviderSettings): readonly (readonly [string, string])[] {
  return [
    ...(key ? [['key', key.reveal()] as const] : []),
    ...Object.entries(headers).map(([name, secret]) => [`header:${name}`, secret.reveal()] as const),
    ...Object.entries(command?.environment ?? {}).map(([name, value]) => [`environment:${name}`, value] as const),
  ]
}

function named(secrets: SecretTexts, prefix: string): readonly (readonly [string, Secret])[] {
  return [...secrets].flatMap(([name, secret]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), secret]] : [],
  )
}
