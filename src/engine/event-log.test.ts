import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TokenLogprob } from '../core/events.ts'
import { EventLog } from './event-log.ts'
import { bytesOf, joinEvents } from './join-events.ts'
import type { GenerationEvent } from './messages.ts'

const never = new AbortController().signal
const open = (mostBytes = 2 ** 30) => new EventLog<GenerationEvent>({ bytesOf, join: joinEvents, mostBytes })
const text = (said: string): GenerationEvent => ({ type: 'text', id: 1, text: said })

const logprob = fc.record({ token: fc.string(), logprob: fc.constant(-1) })
const anyEvent: fc.Arbitrary<GenerationEvent> = fc.oneof(
  { weight: 5, arbitrary: fc.string({ maxLength: 3000 }).map(text) },
  fc
    .record({ text: fc.string(), logprobs: fc.array(logprob, { maxLength: 2 }) })
    .map(more => ({ type: 'text', id: 1, ...more }) as const),
  fc.string().map(said => ({ type: 'thinking', id: 1, text: said }) as const),
  fc.string().map(json => ({ type: 'call-arguments', id: 1, json }) as const),
  fc.constant<GenerationEvent>({ type: 'call-start', id: 1, name: 'tool' }),
  fc.constant<GenerationEvent>({ type: 'call-end', id: 1 }),
)

/** What events say, however they are cut: stretches of one kind, and the log-probabilities in their order. */
function meaning(events: readonly GenerationEvent[]): readonly string[] {
  const stretches: { readonly type: string; said: string }[] = []
  for (const event of events) {
    const said = event.type === 'call-arguments' ? event.json : 'text' in event ? event.text : undefined
    const last = stretches.at(-1)
    if (said !== undefined && last?.type === event.type) last.said += said
    else stretches.push({ type: event.type, said: said ?? '' })
  }
  const logprobs = events.flatMap((event): readonly TokenLogprob[] =>
    'logprobs' in event ? (event.logprobs ?? []) : [],
  )
  return [...stretches.map(({ type, said }) => `${type} ${said}`), JSON.stringify(logprobs)]
}

describe('a log of events', () => {
  test('says the same to every reader, whenever it comes and however slow it is', async () => {
    const act = fc.oneof(
      { weight: 6, arbitrary: anyEvent },
      fc.constant('join' as const),
      fc.record({ reader: fc.nat(5), hears: fc.integer({ min: 1, max: 200 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 400, size: 'max' }), async acts => {
        const log = open()
        const said: GenerationEvent[] = []
        const readers = [{ events: log.read(never), heard: [] as GenerationEvent[] }]
        for (const each of acts) {
          if (each === 'join') readers.push({ events: log.read(never), heard: [] })
          else if ('type' in each) {
            said.push(each)
            log.push(each)
          } else await hear(readers[each.reader % readers.length], each.hears, said)
        }
        log.end()
        for (const { events, heard } of readers) {
          for await (const event of events) heard.push(event)
          expect(meaning(heard)).toEqual(meaning(said))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('takes little more than the text of a long answer that nobody hears', async () => {
    const log = open()
    const reader = log.read(never)
    log.push(text('first'))
    await reader.next()
    for (let index = 0; index < 100_000; index += 1) log.push(text('word '))
    log.end()
    let events = 0
    let letters = 0
    for await (const event of reader) {
      events += 1
      if (event.type === 'text') letters += event.text.length
    }
    expect(letters).toBe(500_000)
    expect(events).toBeLessThan(300)
  })

  test('has no room while even the foremost reader is far behind', async () => {
    const log = open(1000)
    const [slow, fast] = [log.read(never), log.read(never)]
    for (const reader of [slow, fast]) {
      log.push(text('a'))
      await reader.next()
    }
    await log.room(never)
    log.push(text('b'.repeat(1000)))
    let hasRoom = false
    const room = log.room(never).then(() => (hasRoom = true))
    await nextTurn()
    expect(hasRoom).toBe(false)
    for (let next = await fast.next(); next.value?.type === 'text' && !next.value.text.includes('b');)
      next = await fast.next()
    await room
    expect(hasRoom).toBe(true)
  })

  test('lets go of what all have heard of a very long answer, and is not whole any more', async () => {
    const log = open(10_000)
    const reader = log.read(never)
    let heard = ''
    for (let index = 0; index < 5000; index += 1) {
      log.push(text(`${index} `))
      const { value } = await reader.next()
      if (value?.type === 'text') heard += value.text
    }
    expect(log.isWhole).toBe(false)
    expect(heard).toBe(Array.from({ length: 5000 }, (_, index) => `${index} `).join(''))
  })

  test('stays whole as long as a reader has not heard its beginning', async () => {
    const log = open(10_000)
    const stalled = log.read(never)
    log.push(text('first '))
    await stalled.next()
    for (let index = 0; index < 5000; index += 1) log.push(text(`${index} `))
    expect(log.isWhole).toBe(true)
  })

  test('does not wait for a reader that left', async () => {
    const leaving = new AbortController()
    const log = open(10_000)
    const [left, reader] = [log.read(leaving.signal), log.read(never)]
    log.push(text('first '))
    await left.next()
    leaving.abort()
    for (let index = 0; index < 5000; index += 1) {
      log.push(text(`${index} `))
      await reader.next()
    }
    expect(log.isWhole).toBe(false)
    await expect(left.next()).rejects.toMatchObject({ kind: 'aborted' })
  })
})

interface Listening {
  readonly events: AsyncGenerator<GenerationEvent>
  readonly heard: GenerationEvent[]
}

/** Hears so many events, or as many as there are. */
async function hear(reader: Listening | undefined, count: number, said: readonly GenerationEvent[]): Promise<void> {
  if (!reader) return
  const whole = JSON.stringify(meaning(said))
  for (let left = count; left > 0 && JSON.stringify(meaning(reader.heard)) !== whole; left -= 1) {
    const { value } = await reader.events.next()
    if (value) reader.heard.push(value)
  }
}
