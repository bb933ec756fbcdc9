import { setTimeout as delay } from 'node:timers/promises'
import OpenAI from 'openai'
import { afterAll, describe, expect, test } from 'vitest'
import { anthropicKinds, failureOf, openOpenAI } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'

const served = await serveModels()
const locked = await serveModels({ keys: ['key-of-ada', 'key-of-bob'] })
/** Answers one request, and lets one wait. */
const narrow = await serveModels({ slots: 1, mostWaiting: 1 })
afterAll(async () => {
  await served.close()
  await locked.close()
  await narrow.close()
})

const messages = [{ role: 'user' as const, content: 'Hello' }]
const hello = { model: 'tiny', max_tokens: 2, messages }
const long = [{ role: 'user' as const, content: 'long '.repeat(400) }]
const huge = [{ role: 'user' as const, content: 'x'.repeat(33 * 1024 * 1024) }]
const unfinished = { body: '{"model": "tiny",', headers: { 'content-type': 'application/json' } }

describe.each(anthropicKinds)('$name', ({ open, errors }) => {
  const client = open(served.url)

  test('[E01] a model that does not exist is told with those that do', async () => {
    const error = await failureOf(client.messages.create({ ...hello, model: 'starterr' }), errors.NotFoundError)
    expect(error).toMatchObject({ status: 404, error: { error: { type: 'not_found_error' } } })
    for (const name of ['starterr', 'bytes', 'short', 'starter', 'tiny']) expect(error.message).toContain(name)
  })

  test('[E01] counting for a model that does not exist fails alike', async () => {
    const counting = client.messages.countTokens({ model: 'none', messages })
    expect((await failureOf(counting, errors.NotFoundError)).status).toBe(404)
  })

  test('[E02] a failure has a request id, in the body as in the header', async () => {
    const error = await failureOf(client.messages.create({ ...hello, model: 'none' }), errors.APIError)
    expect(error.requestID).toMatch(/^req_/)
    expect(error.headers?.get('request-id')).toBe(error.requestID)
    expect(error.error).toMatchObject({ type: 'error', request_id: error.requestID })
  })

  test('[E02] an answer has a request id, too', async () => {
    const { response, request_id: requestId } = await client.messages.create(hello).withResponse()
    expect(response.headers.get('request-id')).toBe(requestId)
    expect(response.headers.get('content-type')).toBe('application/json')
  })

  test('[E03] what will fail again is not tried again', async () => {
    const patient = open(served.url, { retries: 2 })
    const before = served.log.length
    const error = await failureOf(patient.messages.create({ ...hello, model: 'none' }), errors.NotFoundError)
    expect(error.headers?.get('x-should-retry')).toBe('false')
    expect(served.log.length - before).toBe(1)
  })

  test('[E04] a prompt that is too long is refused with both numbers', async () => {
    const { input_tokens: tokens } = await client.messages.countTokens({ model: 'short', messages: long })
    const asking = client.messages.create({ ...hello, model: 'short', messages: long })
    const error = await failureOf(asking, errors.BadRequestError)
    expect(error.message).toContain(`prompt is too long: ${tokens} tokens > 255 maximum`)
  })

  test('[E05] a body that is too large is refused with its limit', async () => {
    const error = await failureOf(client.messages.create({ ...hello, messages: huge }), errors.APIError)
    expect(error).toMatchObject({ status: 413, error: { error: { type: 'request_too_large' } } })
    expect(error.message).toMatch(/32 ?MiB|33554432/)
  })

  test('[E06] a wrong method is refused with the right ones', async () => {
    const error = await failureOf(client.get('/v1/messages'), errors.APIError)
    expect(error).toMatchObject({ status: 405, error: { error: { type: 'invalid_request_error' } } })
    expect(error.headers?.get('allow')).toContain('POST')
  })

  test('[E07] an unknown path is refused with those that exist', async () => {
    const error = await failureOf(client.post('/v1/messages/nowhere', { body: {} }), errors.NotFoundError)
    expect(error.error).toMatchObject({ type: 'error', error: { type: 'not_found_error' } })
    expect(error.message).toContain('POST /v1/messages')
  })

  test('[E07] a part of the API that is not served yet is refused in its own words', async () => {
    const error = await failureOf(client.messages.batches.list(), errors.NotFoundError)
    expect(error.error).toMatchObject({ type: 'error', error: { type: 'not_found_error' } })
  })

  test('[E08] a body that is not JSON is refused with the place of its fault', async () => {
    const error = await failureOf(client.post('/v1/messages', unfinished), errors.BadRequestError)
    expect(error.message).toMatch(/JSON/)
    expect(error.message).toMatch(/line 1/)
  })

  test('[E08] a body that is no object is refused', async () => {
    const error = await failureOf(client.post('/v1/messages', { body: [] }), errors.BadRequestError)
    expect(error.message).toContain('the request body: must be an object')
  })

  test('[E09] a server with keys answers who has one of them', async () => {
    for (const key of ['key-of-ada', 'key-of-bob']) {
      expect((await open(locked.url, { key }).messages.create(hello)).usage.output_tokens).toBe(2)
    }
  })

  test('[E09] a server with keys refuses any other', async () => {
    const error = await failureOf(
      open(locked.url, { key: 'key-of-eve' }).messages.create(hello),
      errors.AuthenticationError,
    )
    expect(error).toMatchObject({ status: 401, error: { error: { type: 'authentication_error' } } })
    expect(error.message).not.toContain('key-of')
  })

  test('[E09] a server with keys tells its models only to who has one', async () => {
    const listing = open(locked.url, { key: 'key-of-eve' }).models.list()
    expect((await failureOf(listing, errors.AuthenticationError)).status).toBe(401)
  })
})

describe('openai 7.57', () => {
  const client = openOpenAI(served.url)
  const ask = (more: object) => client.chat.completions.create({ ...hello, ...more })

  test('[E01] a model that does not exist is told with those that do', async () => {
    const error = await failureOf(ask({ model: 'starterr' }), OpenAI.NotFoundError)
    expect(error).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' })
    for (const name of ['starterr', 'bytes', 'short', 'starter', 'tiny']) expect(error.message).toContain(name)
  })

  test('[E02] a failure and an answer have a request id', async () => {
    const error = await failureOf(ask({ model: 'none' }), OpenAI.APIError)
    expect(error.requestID).toMatch(/^req_/)
    const { response, request_id: requestId } = await client.chat.completions.create(hello).withResponse()
    expect(response.headers.get('x-request-id')).toBe(requestId)
    expect(requestId).toMatch(/^req_/)
  })

  test('[E03] what will fail again is not tried again', async () => {
    const before = served.log.length
    const asking = openOpenAI(served.url, { retries: 2 }).chat.completions.create({ ...hello, model: 'none' })
    await failureOf(asking, OpenAI.NotFoundError)
    expect(served.log.length - before).toBe(1)
  })

  test('[E04] a prompt that is too long is refused with both numbers and its code', async () => {
    const error = await failureOf(ask({ model: 'short', messages: long }), OpenAI.BadRequestError)
    expect(error.code).toBe('context_length_exceeded')
    expect(error.message).toMatch(/\d+ tokens > 255 maximum/)
  })

  test('[E05] a body that is too large is refused with its limit', async () => {
    const error = await failureOf(ask({ messages: huge }), OpenAI.APIError)
    expect(error).toMatchObject({ status: 413, code: 'request_too_large' })
  })

  test('[E06] a wrong method is refused with the right ones', async () => {
    const error = await failureOf(client.get('/chat/completions'), OpenAI.APIError)
    expect(error).toMatchObject({ status: 405, type: 'invalid_request_error' })
    expect(error.headers?.get('allow')).toContain('POST')
  })

  test('[E07] a part of the API that is not served yet is refused in its own words', async () => {
    const response = client.batches.list()
    expect(await failureOf(response, OpenAI.NotFoundError)).toMatchObject({
      status: 404,
      type: 'invalid_request_error',
    })
  })

  test('[E08] a body that is not JSON is refused with the place of its fault', async () => {
    const error = await failureOf(client.post('/chat/completions', unfinished), OpenAI.BadRequestError)
    expect(error.message).toMatch(/JSON.*line 1/)
  })

  test('[E09] a server with keys answers who has one and refuses any other', async () => {
    const { usage } = await openOpenAI(locked.url, { key: 'key-of-ada' }).chat.completions.create(hello)
    expect(usage?.completion_tokens).toBe(2)
    const asking = openOpenAI(locked.url, { key: 'key-of-eve' }).chat.completions.create(hello)
    const error = await failureOf(asking, OpenAI.AuthenticationError)
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' })
  })
})

/* Greedily, a song without end. */
const endless = { role: 'assistant' as const, content: 'la la la la '.repeat(100).trim() }

/** Takes the one place and the one place in the queue, and gives them back at the end of a test. */
async function fillQueue(): Promise<() => Promise<unknown>> {
  const { chat } = openOpenAI(narrow.url)
  const leaving = new AbortController()
  const song = { model: 'starter', temperature: 0, messages: [...messages, endless] }
  const options = { signal: leaving.signal }
  // An answer was measured, so that the time to come back is short.
  await chat.completions.create({ ...song, max_tokens: 1 })
  const stream = await chat.completions.create({ ...song, max_tokens: 7000, stream: true }, options)
  await stream[Symbol.asyncIterator]().next()
  const waiting = chat.completions.create({ ...song, max_tokens: 2 }, options).catch((error: unknown) => error)
  while (!isFull()) await delay(5)
  return () => {
    leaving.abort()
    return waiting
  }
}

/* Engines tell how busy they are, though commands do not ask. */
function isFull(): boolean {
  const [model] = narrow.processes()
  return model !== undefined && 'waiting' in model && model.waiting === 1
}

const refusals = (status: number) => narrow.log.filter(record => record['status'] === status).length

test('[E10] a full queue is told with the time to come back', async () => {
  const empty = await fillQueue()
  const question = { model: 'starter', max_tokens: 1, messages }
  for (const { open, errors } of anthropicKinds) {
    const told = await failureOf(open(narrow.url).messages.create(question), errors.APIError)
    expect(told).toMatchObject({ status: 529, error: { error: { type: 'overloaded_error' } } })
    expect(Number(told.headers?.get('retry-after'))).toBeGreaterThan(0)
  }
  const told = await failureOf(openOpenAI(narrow.url).chat.completions.create(question), OpenAI.RateLimitError)
  expect(told).toMatchObject({ status: 429, code: 'overloaded' })
  expect(Number(told.headers?.get('retry-after'))).toBeGreaterThan(0)
  await empty()
})

test('[E10] who is told to come back does, and is answered', async () => {
  const empty = await fillQueue()
  const question = { model: 'starter', max_tokens: 1, messages }
  const before = { anthropic: refusals(529), openai: refusals(429) }
  const asked = [
    ...anthropicKinds.map(
      async ({ open }) => (await open(narrow.url, patient).messages.create(question)).usage.output_tokens,
    ),
    openOpenAI(narrow.url, patient)
      .chat.completions.create(question)
      .then(({ usage }) => usage?.completion_tokens),
  ]
  while (refusals(529) < before.anthropic + 2 || refusals(429) < before.openai + 1) await delay(5)
  await empty()
  expect(await Promise.all(asked)).toEqual([1, 1, 1])
})

/* Those who come back at the same time refuse each other again. */
const patient = { retries: 5 }
