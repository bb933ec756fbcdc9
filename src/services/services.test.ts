import { expect, test } from 'vitest'
import { begins, says, scripted, text, type ScriptedBackend } from '../../test/support/scripted-backend.ts'
import { card } from '../../test/support/cards.ts'
import { collect } from '../core/collect.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelRequest } from '../core/request.ts'
import { builtInView } from '../routing/built-in-view.ts'
import { createRunMeans } from '../routing/run-means.ts'
import type { RoutingView } from '../routing/view.ts'
import { startTrace } from '../telemetry/observe.ts'
import { createAnswer } from './answer.ts'
import { createCountTokens } from './count-tokens.ts'
import { createModels } from './models.ts'

const request: ModelRequest = { model: 'm', system: [], messages: [] }
const { signal } = new AbortController()
const circumstances = { protocol: 'openai-chat', headers: {}, isStrict: false } as const
const call = { signal, circumstances, isVisible: () => true }
const means = createRunMeans({ now: () => performance.now(), random: () => 0 })

function view(...backends: ScriptedBackend[]): () => Promise<RoutingView> {
  return async () =>
    builtInView({
      targets: name => (name === 'm' ? backends.map(backend => ({ backend, model: 'inner' })) : []),
      names: () => ['m'],
    })
}

test('a whole answer may still be given by another target after the first one failed in its middle', async () => {
  const failing = scripted({
    name: 'a',
    steps: [...begins(), text('half'), { fail: new ModelError('unavailable', 'x') }],
  })
  const answer = createAnswer({ means, view: view(failing, scripted({ name: 'b', steps: says('whole') })) })
  const trace = startTrace()
  const { blocks } = await collect(await answer({ request, isStreaming: false }, { ...call, trace }))
  expect(blocks.map(block => block.content)).toEqual(['whole'])
  expect(trace).toMatchObject({
    requestedModel: 'm',
    model: 'scripted-model',
    isStreaming: false,
    route: 'here',
    target: 'local/inner',
    attempts: [{ target: 'local/inner', failure: 'unavailable', why: 'x' }, { target: 'local/inner' }],
    usage: { inputTokens: 7, outputTokens: 1 },
  })
})

test('a streamed answer whose start was shown is not given by another', async () => {
  const failing = scripted({ steps: [...begins(), { fail: new ModelError('unavailable', 'x') }] })
  const answer = createAnswer({ means, view: view(failing, scripted({ steps: says('whole') })) })
  await expect(collect(await answer({ request, isStreaming: true }, call))).rejects.toMatchObject({
    kind: 'unavailable',
  })
})

test('tokens are counted by the target that the answer would come from, or estimated for it', async () => {
  const able = scripted({ steps: [], inputTokens: 42 })
  const trace = startTrace()
  expect(await createCountTokens({ means, view: view(able) })(request, { ...call, trace })).toBe(42)
  expect(trace.isEstimated).toBeUndefined()
  const asked = { ...request, system: [{ type: 'text', text: 'x'.repeat(400) }] } as const
  expect(await createCountTokens({ means, view: view(scripted({ steps: [] }), able) })(asked, { ...call, trace })).toBe(
    100,
  )
  expect(trace.isEstimated).toBe(true)
})

test('a count whose process ended under it is asked for once more', async () => {
  let asked = 0
  const countTokens = async () => {
    asked += 1
    if (asked === 1) throw new ModelError('unavailable', 'crashed', { isWorthRepeating: true })
    return 42
  }
  const count = createCountTokens({ means, view: view({ ...scripted({ steps: [] }), countTokens }) })
  expect(await count(request, call)).toBe(42)
})

test('a count and an answer whose target was taken away meanwhile are planned again, as things are then', async () => {
  const gone = new ModelError('unavailable', 'gone', { isOutdated: true })
  const old = { ...scripted({ steps: [{ fail: gone }] }), countTokens: () => Promise.reject(gone) }
  const changing = () => {
    const views = [view(old), view(scripted({ steps: says('new'), inputTokens: 42 }))]
    return async () => (views.length > 1 ? views.shift() : views[0])?.() ?? expect.unreachable('a view is left')
  }
  expect(await createCountTokens({ means, view: changing() })(request, call)).toBe(42)
  const answer = createAnswer({ means, view: changing() })
  const { blocks } = await collect(await answer({ request, isStreaming: true }, call))
  expect(blocks.map(block => block.content)).toEqual(['new'])
})

test('models are found by their whole id, and an unknown one is told which exist', async () => {
  const here = async () => [card('hf:owner/repo/file.gguf'), card('starter')]
  const far = [card('cloud/large'), card('ollama/small')]
  const models = createModels({ here, elsewhere: async ({ localOnly }) => far.slice(localOnly ? 1 : 0) })
  expect((await models.find('hf:owner/repo/file.gguf', circumstances)).displayName).toBe(
    'Model hf:owner/repo/file.gguf',
  )
  expect(await models.list(circumstances)).toHaveLength(4)
  expect(await models.list({ ...circumstances, localOnly: 'key' })).toHaveLength(3)
  await expect(models.find('repo', circumstances)).rejects.toMatchObject({
    code: 'model-not-found',
    message: expect.stringContaining('"starter"'),
  })
})
