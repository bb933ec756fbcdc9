import * as z from 'zod'
import { secretIn } from '../core/open-address.ts'
import { checkEvery } from './check-every.ts'
import { duration } from './quantities.ts'
import { rename } from './rename.ts'
import { secretText } from './secret-text.ts'
import { timeoutsSchema } from './timeouts.ts'
import { noText, number, oneOf, url, wholeNumber, words, yes } from './values.ts'

const mostTokens = 1_000_000_000
const mostArguments = 256

const price = number(0, 1_000_000).exactOptional()

const prices = z
  .strictObject({ input: price, 'cache-read': price, 'cache-write': price, output: price })
  .describe('US dollars for a million tokens')
  .transform(value => rename(value, { 'cache-read': 'cacheRead', 'cache-write': 'cacheWrite' }))

const capabilities = z
  .strictObject({
    context: wholeNumber(1, mostTokens).exactOptional().describe('tokens of prompt and answer together'),
    'max-output': wholeNumber(1, mostTokens).exactOptional(),
    tools: yes.exactOptional(),
    vision: yes.exactOptional(),
    documents: yes.exactOptional(),
    thinking: yes.exactOptional(),
    'structured-output': yes.exactOptional(),
    embeddings: yes.exactOptional(),
    rerank: yes.exactOptional(),
  })
  .transform(value =>
    rename(value, {
      context: 'contextTokens',
      'max-output': 'maxOutputTokens',
      'structured-output': 'structuredOutput',
    }),
  )

const providerModel = z.strictObject({
  capabilities: capabilities.exactOptional(),
  prices: prices.exactOptional(),
})

/* A null byte would end it before its end. */
const processText = z.string({ error: noText }).regex(/^[^\0]*$/, 'it must have no null byte')

const command = z
  .strictObject({
    program: words,
    arguments: z.array(processText).max(mostArguments, `at most ${mostArguments} are possible`).default([]),
    environment: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'it must be the name of a variable'), processText)
      .exactOptional(),
    idle: duration.exactOptional().describe('how long it may stay without requests'),
    start: duration.exactOptional().describe('how long it may take to be healthy'),
  })
  .describe('starts the provider on this machine when it is needed')
  .transform(value => rename(value, { idle: 'idleMs', start: 'startMs' }))

// What says where a message ends, or to whom it goes, is for whoever sends it.
const fixedHeaders = /^(host|content-length|transfer-encoding|connection|upgrade|te|trailer|expect|keep-alive)$/i

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/, 'it must be the name of a header')
  .refine(name => !fixedHeaders.test(name), 'this header is not for a configuration to set')

const address = url
  .refine(text => secretIn(text) !== 'password', 'it must hold no name or password; use key')
  .refine(text => secretIn(text) !== 'key', 'it must hold no key; use key, or headers')

/** The id of a provider: what rules name it by, and what stands before the slash in `provider/model`. */
export const providerId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'it must be letters, digits, ".", "_" or "-", at most 64')
  .refine(id => id !== 'local', '"local" is the embedded engine’s own name; choose another')

/** One entry of `providers`. */
export const providerSchema = z
  .strictObject({
    kind: words.exactOptional().describe('what it is: anthropic, ollama, openai-compatible; by default its name'),
    url: address.exactOptional(),
    key: secretText.exactOptional(),
    headers: z.record(headerName, secretText).exactOptional(),
    protocol: oneOf('anthropic-messages', 'openai-chat', 'openai-responses').exactOptional(),
    local: yes.exactOptional().describe('whether requests that must not leave the owner’s machines may go there'),
    models: z.record(words, providerModel).exactOptional(),
    command: command.exactOptional(),
    timeouts: timeoutsSchema.exactOptional(),
    'check-every': checkEvery
      .exactOptional()
      .describe('how often it is asked whether it is well again, while it rests after failures; never, or 1s to 1h'),
  })
  .transform(({ models, headers, ...value }) => ({
    ...rename(value, { local: 'isLocal', 'check-every': 'checkEveryMs' }),
    ...(models !== undefined && { models: Object.entries(models).map(([id, model]) => ({ id, ...model })) }),
    ...(headers !== undefined && { headers: inLowerCase(headers) }),
  }))

function inLowerCase<T>(headers: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
