import OpenAI from 'openai'
import { afterAll, describe, expect, test } from 'vitest'
import { readAll } from '../support/read-all.ts'
import { anthropicKinds, failureOf, openOpenAI } from '../support/sdk-clients.ts'
import { servedModels, serveModels } from '../support/served-starter.ts'

const served = await serveModels()
afterAll(() => served.close())

describe.each(anthropicKinds)('$name', ({ open, errors }) => {
  const client = open(served.url)

  test('[M1] the models are listed by name', async () => {
    const { data, has_more: hasMore } = await client.models.list()
    expect(data.map(({ id }) => id)).toEqual(servedModels)
    expect(hasMore).toBe(false)
  })

  test('[M2] a model is told with its limits', async () => {
    const model = await client.models.retrieve('starter')
    expect(model).toMatchObject({ type: 'model', id: 'starter', max_input_tokens: 8192, lifecycle: 'active' })
    expect(model.display_name).toMatch(/./)
    expect(Date.parse(model.created_at)).toBeGreaterThan(0)
  })

  test.each([
    ['tiny', 2048],
    ['short', 256],
  ] as const)('[M2] %s reads %i tokens', async (name, tokens) => {
    expect((await client.models.retrieve(name)).max_input_tokens).toBe(tokens)
  })

  test('[M2] a model in the list is the same as one asked for', async () => {
    const { data } = await client.models.list()
    expect(await client.models.retrieve('tiny')).toEqual(data.find(({ id }) => id === 'tiny'))
  })

  test('[M3] pages of any length give all models once', async () => {
    for (const limit of [1, 2, 3, 100]) {
      const models = await readAll(client.models.list({ limit }))
      expect(models.map(({ id }) => id)).toEqual(servedModels)
    }
  })

  test('[M3] a page says whether there are more, and where it begins and ends', async () => {
    const page = await client.models.list({ limit: 2 })
    expect(page).toMatchObject({ has_more: true, first_id: servedModels[0], last_id: servedModels[1] })
    expect((await page.getNextPage()).data.map(({ id }) => id)).toEqual(servedModels.slice(2, 4))
  })

  test('[M3] a page may be asked for backwards', async () => {
    const { data } = await client.models.list({ before_id: 'tiny', limit: 2 })
    expect(data.map(({ id }) => id)).toEqual(servedModels.slice(0, servedModels.indexOf('tiny')).slice(-2))
  })

  test('[M3] a page of an impossible length is refused', async () => {
    expect((await failureOf(client.models.list({ limit: 0 }), errors.BadRequestError)).message).toContain('limit')
  })

  test('[M4] a model that does not exist is told with those that do', async () => {
    const error = await failureOf(client.models.retrieve('none'), errors.NotFoundError)
    expect(error.error).toMatchObject({ type: 'error', error: { type: 'not_found_error' } })
    expect(error.message).toContain('starter')
  })

  test('[M5] the beta list is the same', async () => {
    const { data } = await client.beta.models.list()
    expect(data.map(({ id }) => id)).toEqual(servedModels)
  })
})

describe('openai 7.57', () => {
  const client = openOpenAI(served.url)

  test('[M1] the models are listed by name', async () => {
    const models = await readAll(client.models.list())
    expect(models.map(({ id }) => id)).toEqual(servedModels)
  })

  test('[M2] a model is told in the form of who asks', async () => {
    expect(await client.models.retrieve('starter')).toEqual({
      id: 'starter',
      object: 'model',
      created: expect.any(Number),
      owned_by: expect.stringMatching(/./),
    })
  })

  test('[M4] a model that does not exist has its code', async () => {
    const error = await failureOf(client.models.retrieve('none'), OpenAI.NotFoundError)
    expect(error).toMatchObject({ status: 404, code: 'model_not_found' })
  })
})
