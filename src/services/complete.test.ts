import { expect, test } from 'vitest'
import { begins, ends, gate, scripted, text } from '../../test/support/scripted-backend.ts'
import type { ScriptedBackend, Step } from '../../test/support/scripted-backend.ts'
import type { Backend } from '../core/backend.ts'
import type { ChoiceEvent, ChoiceStream } from '../core/completion.ts'
import { ModelError } from '../core/errors.ts'
import { builtInView } from '../routing/built-in-view.ts'
import { createRunMeans } from '../routing/run-means.ts'
import { startTrace } from '../telemetry/observe.ts'
import type { Call } from './answer.ts'
import { createComplete } from './complete.ts'

const call: Call = {
  signal: new AbortController().signal,
  circumstances: { protocol: 'openai-chat', headers: {}, isStrict: false },
  isVisible: ({ type }) => type === 'text-delta',
}

/** A backend that plays a script for each prompt. */
function completing(steps: (prompt: string) => Iterable<Step>, name = 'scripted'): [Backend, ScriptedBackend] {
  const played = scripted({ name, steps: ({ metadata }) => steps(JSON.stringify(metadata?.['prompt']).slice(1, -1)) })
  const complete: Backend['complete'] = ({ prompt, ...asked }, signal) =>
    played.stream({ ...asked, system: [], messages: [], metadata: { prompt: String(prompt) } }, signal)
  return [{ name, isLocal: true, stream: played.stream, complete }, played]
}

const service = (...backends: readonly Backend[]) =>
  createComplete({
    view: async () =>
      builtInView({
        names: () => ['m'],
        targets: name => (name === 'm' ? backends.map(backend => ({ backend, model: 'upstream' })) : []),
      }),
    means: createRunMeans({ now: () => performance.now(), random: () => 0 }),
    headersAfterMs: 50,
  })

const asking = (prompts: readonly string[], isStreaming = true) => ({
  requests: prompts.map(prompt => ({ model: 'm', prompt })),
  isStreaming,
})

async function read(events: ChoiceStream): Promise<readonly ChoiceEvent[]> {
  const told: ChoiceEvent[] = []
  for await (const event of events) told.push(event)
  return told
}

const textsOf = (told: readonly ChoiceEvent[]): readonly string[] => {
  const texts: string[] = []
  for (const { choice, event } of told)
    if (event.type === 'text-delta') texts[choice] = (texts[choice] ?? '') + event.text
  return texts
}
const says = (words: string): readonly Step[] => [...begins(), text(words), ...ends(1)]

test('each prompt is answered by the model of its target, in its place', async () => {
  const [backend, played] = completing(prompt => says(`after ${prompt}`))
  const prompts = Array.from({ length: 9 }, (_, index) => `prompt ${index}`)
  const trace = startTrace()
  const told = await read(await service(backend)(asking(prompts), { ...call, trace }))
  expect(textsOf(told)).toEqual(prompts.map(prompt => `after ${prompt}`))
  expect(new Set(played.requests.map(({ model }) => model))).toEqual(new Set(['upstream']))
  expect(trace).toMatchObject({ requestedModel: 'm', usage: { inputTokens: 63, outputTokens: 9 }, stop: 'end-turn' })
})

test('at most four prompts of one request are answered at a time', async () => {
  const held = gate()
  const [backend, played] = completing(() => [...begins(), text('x'), held, ...ends(1)])
  const reading = read(await service(backend)(asking(Array.from({ length: 9 }, () => 'p')), call))
  await played.begun(4)
  expect(played.open).toBe(4)
  held.open()
  expect(textsOf(await reading)).toHaveLength(9)
})

test('an answer that is slow does not keep the others waiting', async () => {
  const held = gate()
  const [backend] = completing(prompt =>
    prompt === 'slow' ? [...begins(), text('a'), held, text('b'), ...ends(2)] : says(prompt),
  )
  const order: string[] = []
  for await (const { choice, event } of await service(backend)(asking(['slow', 'quick']), call)) {
    if (event.type === 'end') order.push(String(choice))
    if (order.length === 1) held.open()
  }
  expect(order).toEqual(['1', '0'])
})

test.each([true, false])('a client that leaves has all its prompts given up; streaming: %s', async isStreaming => {
  const held = gate()
  const [backend, played] = completing(() => [...begins(), text('x'), held, ...ends(1)])
  const leaving = new AbortController()
  const asked = service(backend)(asking(['a', 'b', 'c', 'd', 'e'], isStreaming), { ...call, signal: leaving.signal })
  const reading = asked.then(read)
  await played.begun(4)
  leaving.abort(new ModelError('aborted', 'left'))
  await expect(reading).rejects.toMatchObject({ kind: 'aborted' })
  await played.ended(4)
  expect(played.requests).toHaveLength(4)
})

test('a reader that stops in the middle closes every answer', async () => {
  const held = gate()
  const [backend, played] = completing(() => [...begins(), text('x'), held, ...ends(1)])
  for await (const { choice } of await service(backend)(asking(['a', 'b', 'c']), call)) if (choice === 2) break
  await played.ended(3)
  expect(played.open).toBe(0)
})

test('one prompt that fails ends the others, and is named', async () => {
  const held = gate()
  const fault = new ModelError('invalid-request', 'prompt: token 3 is 9', { field: ['prompt'], code: 'wrong-type' })
  const [backend, played] = completing(prompt =>
    prompt === 'bad' ? [{ fail: fault }] : [...begins(), text('x'), held, ...ends(1)],
  )
  const whole = service(backend)(asking(['good', 'bad', 'good'], false), call).then(read)
  await expect(whole).rejects.toMatchObject({
    message: 'prompt.1: token 3 is 9',
    field: ['prompt', 1],
    code: 'wrong-type',
  })
  await played.ended(played.requests.length)
  await expect(service(backend)(asking(['bad', 'good']), call)).rejects.toMatchObject({ field: ['prompt', 0] })
})

test('the only prompt keeps its failure as it is', async () => {
  const fault = new ModelError('invalid-request', 'prompt: no', { field: ['prompt'] })
  const [backend] = completing(() => [{ fail: fault }])
  await expect(service(backend)(asking(['bad']), call)).rejects.toBe(fault)
})

test('where one target fails before it says something, the next one completes', async () => {
  const [broken] = completing(() => [{ fail: new ModelError('unavailable', 'down') }], 'broken')
  const [sound] = completing(() => says('sound'), 'sound')
  const trace = startTrace()
  const told = await read(await service(broken, sound)(asking(['a']), { ...call, trace }))
  expect(textsOf(told)).toEqual(['sound'])
  expect(trace.attempts).toMatchObject([{ failure: 'unavailable' }, { target: expect.any(String) }])
})

test('backends that take no raw prompts are passed over, and where there are no others the client is told', async () => {
  const chatty = scripted({ steps: [], name: 'chatty' })
  const [able] = completing(() => says('able'))
  expect(textsOf(await read(await service(chatty, able)(asking(['a']), call)))).toEqual(['able'])
  await expect(service(chatty)(asking(['a']), call)).rejects.toMatchObject({
    kind: 'invalid-request',
    field: ['model'],
    message: expect.stringContaining('/v1/chat/completions'),
  })
  expect(chatty.requests).toEqual([])
})

test('a model that nobody serves is told with those that exist', async () => {
  const asked = service()({ requests: [{ model: 'none', prompt: 'a' }], isStreaming: true }, call)
  await expect(asked).rejects.toMatchObject({ kind: 'not-found' })
})
