import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openOpenAI, greedyWays, ways } from '../support/sdk-clients.ts'
import type { Question, Told } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'

const served = await serveModels()
afterAll(() => served.close())

const say = (content: string, prefill?: string): Question['messages'] => [
  { role: 'user', content },
  ...(prefill === undefined ? [] : [{ role: 'assistant' as const, content: prefill }]),
]

const counting = say('Count from 1 to 20, separated by commas.', '1, 2, 3, 4,')

/** Each letter is a stop sequence, so that any English stops at once, however it was drawn. */
const letters = [...'aeiounrst']

describe.each(ways)('$name', ({ ask, protocol, isStreamed }) => {
  test('[X1] an answer has text and ends at the limit that was set', async () => {
    const told = await ask(served.url, { model: 'tiny', messages: say('Hello'), maxTokens: 12 })
    expect(told).toMatchObject({ stop: 'length', outputTokens: 12, model: 'tiny' })
    expect(told.text).not.toBe('')
  })

  test('[X1] the starter model answers in words', async () => {
    const told = await ask(served.url, { model: 'starter', messages: say('What is the sea made of?'), maxTokens: 24 })
    expect(told.text).toMatch(/[a-z]{3}/)
    expect(told.model).toBe('starter')
  })

  test('[X4] a system prompt becomes part of the prompt', async () => {
    const question = { model: 'tiny', messages: say('Hello'), maxTokens: 1 }
    const plain = await ask(served.url, question)
    const longer = await ask(served.url, { ...question, system: 'You are a pirate, and you speak of the sea alone.' })
    expect(longer.inputTokens).toBeGreaterThan(plain.inputTokens)
  })

  test('[X5] earlier turns become part of the prompt', async () => {
    const question = { model: 'tiny', messages: say('My name is Ada.'), maxTokens: 1 }
    const one = await ask(served.url, question)
    const three = await ask(served.url, {
      ...question,
      messages: [
        ...question.messages,
        ...say('What is my name?').toSpliced(0, 0, { role: 'assistant', content: 'Hi' }),
      ],
    })
    expect(three.inputTokens).toBeGreaterThan(one.inputTokens)
  })

  test('[X6] a prefilled answer is not said again', async () => {
    const prefill = 'The answer, which I have thought about for long, is'
    const told = await ask(served.url, { model: 'starter', messages: say('How many?', prefill), maxTokens: 16 })
    expect(told.text).not.toBe('')
    expect(told.text).not.toContain(prefill)
  })

  test('[X8] an answer may go on to the end of the context, and says so', async () => {
    const told = await ask(served.url, { model: 'short', messages: say('Hello'), maxTokens: 2000 })
    expect(told.inputTokens + told.outputTokens).toBe(256)
    expect(told.stop).toBe(protocol === 'anthropic' ? 'context' : 'length')
  })

  test('[X9] the characters of an answer are whole in each piece', async () => {
    const told = await ask(served.url, { model: 'bytes', messages: say('Hello'), maxTokens: 200 })
    expect(told.pieces.filter(piece => !piece.isWellFormed())).toEqual([])
    expect(told.pieces.join('')).toBe(told.text)
    expect(told.pieces.length > 1).toBe(isStreamed)
  })
})

describe.each(ways.filter(({ takesStops }) => takesStops))('$name', ({ ask, protocol }) => {
  test('[X7] a stop sequence is cut from the text and reported', async () => {
    const stop = letters.slice(0, protocol === 'chat' ? 4 : letters.length)
    const told = await ask(served.url, { model: 'starter', messages: say('Tell me of the sea.'), maxTokens: 64, stop })
    expect(told.stop).toBe('sequence')
    expect(stop).toContain(told.sequence)
    expect(stop.filter(letter => told.text.includes(letter))).toEqual([])
  })
})

const greedy = { temperature: 0 } as const

async function tellOf(question: Question): Promise<readonly Told[]> {
  const tolds: Told[] = []
  for (const { ask, takesStops } of greedyWays)
    if (takesStops || !question.stop) tolds.push(await ask(served.url, { ...question, ...greedy }))
  return tolds
}

describe('over all protocols, streamed and not', () => {
  const questions: readonly (Question & { about: string })[] = [
    { about: 'prose', model: 'starter', messages: say('What is the capital of France?'), maxTokens: 40 },
    { about: 'a list', model: 'starter', messages: say('Name five kinds of tree.'), maxTokens: 60 },
    { about: 'numbers', model: 'starter', messages: counting, maxTokens: 40 },
    { about: 'Chinese', model: 'starter', messages: say('你好', '你好世界，你好世界，你好世界，你'), maxTokens: 24 },
    { about: 'Japanese', model: 'starter', messages: say('日本語で', 'こんにちは。こんにちは。こん'), maxTokens: 24 },
    { about: 'emoji', model: 'starter', messages: say('Repeat: 😀🎉🚀', '😀🎉🚀 😀🎉🚀 😀🎉'), maxTokens: 40 },
    {
      about: 'several turns',
      model: 'starter',
      messages: [...say('I am Ada.', 'Hello Ada!'), ...say('Who am I?')],
      maxTokens: 24,
    },
    { about: 'instructions', model: 'starter', system: 'Answer in French.', messages: say('Hello!'), maxTokens: 24 },
    { about: 'nonsense', model: 'tiny', messages: say('Hello'), maxTokens: 60 },
    { about: 'broken bytes', model: 'bytes', messages: say('Hello'), maxTokens: 120 },
    { about: 'a stop sequence', model: 'starter', messages: counting, stop: [' 9'], maxTokens: 40 },
  ]

  describe.each(questions)('$about', question => {
    let tolds: readonly Told[]
    beforeAll(async () => {
      tolds = await tellOf(question)
    })

    test('[X2] the likeliest answer is the same everywhere', () => {
      const texts = tolds.map(({ text }) => text)
      expect(texts[0]).not.toBe('')
      expect(new Set(texts).size).toBe(1)
    })

    test('[X3] token counts are the same everywhere', () => {
      const counts = tolds.map(({ inputTokens, outputTokens }) => `${inputTokens} in, ${outputTokens} out`)
      expect(new Set(counts).size).toBe(1)
    })
  })

  test.each(['tiny', 'starter'])('[X3] every client is told of the same prompt length by %s', async model => {
    const counts = new Set<number>()
    const question = { model, system: 'Be brief. 简短。', messages: say('Wie geht es dir? 🙂'), maxTokens: 2 }
    for (const { ask } of ways) counts.add((await ask(served.url, question)).inputTokens)
    expect(counts.size).toBe(1)
  })
})

describe.each(greedyWays)('$name, greedy', ({ ask }) => {
  test('[X6] a prefilled answer goes on where it stopped', async () => {
    const told = await ask(served.url, { model: 'starter', messages: counting, maxTokens: 10, ...greedy })
    expect(told.text).toMatch(/^ 5, 6, 7/)
  })

  test('[X1] an answer that the model ends says so', async () => {
    const messages = [...say('My name is Alice.', 'Hello Alice!'), ...say('What is my name?')]
    const told = await ask(served.url, { model: 'starter', messages, maxTokens: 200, ...greedy })
    expect(told.stop).toBe('end')
    expect(told.outputTokens).toBeLessThan(200)
  })

  test('[X4] a system prompt changes the answer', async () => {
    const question = { model: 'tiny', messages: say('Hello'), maxTokens: 24, ...greedy }
    const plain = await ask(served.url, question)
    const told = await ask(served.url, { ...question, system: 'You are a pirate.' })
    expect(told.text).not.toBe(plain.text)
  })

  test('[X5] an earlier turn changes the answer', async () => {
    const ask2 = async (name: string) =>
      ask(served.url, {
        model: 'tiny',
        messages: [...say(`I am ${name}.`, 'Hello!'), ...say('Who am I?')],
        maxTokens: 24,
        ...greedy,
      })
    expect((await ask2('Ada')).text).not.toBe((await ask2('Bob')).text)
  })

  test('[X9] Chinese and emoji come in whole characters', async () => {
    const messages = say('你好 🚀', '你好世界 😀🎉🚀，你好世界 😀🎉🚀，你好世界 😀🎉🚀，')
    const told = await ask(served.url, { model: 'starter', messages, maxTokens: 32, ...greedy })
    expect(told.text).toMatch(/\p{Script=Han}|\p{Emoji_Presentation}/u)
    expect(told.text).not.toContain('\uFFFD')
    expect(told.pieces.filter(piece => !piece.isWellFormed())).toEqual([])
  })

  test('[X10] a prompt of more than four thousand tokens is read whole', async () => {
    const long = Array.from({ length: 340 }, (_, n) => `Line ${n}: the quick brown fox jumps.`).join('\n')
    const told = await ask(served.url, { model: 'starter', messages: say(long), maxTokens: 4, ...greedy })
    expect(told.inputTokens).toBeGreaterThan(4000)
    expect(told.outputTokens).toBe(4)
  })
})

describe.each(greedyWays.filter(({ takesStops }) => takesStops))('$name, greedy', ({ ask, isStreamed }) => {
  test('[X7] a stop sequence that spans tokens is cut at its beginning', async () => {
    const told = await ask(served.url, {
      model: 'starter',
      messages: counting,
      maxTokens: 40,
      stop: ['7, 8, 9'],
      ...greedy,
    })
    expect(told).toMatchObject({ text: ' 5, 6, ', stop: 'sequence', sequence: '7, 8, 9' })
    expect(told.pieces.length > 1).toBe(isStreamed)
  })

  test('[X7] of several stop sequences the one that comes first is reported', async () => {
    const stop = ['12', '9,', '10']
    const told = await ask(served.url, { model: 'starter', messages: counting, maxTokens: 40, stop, ...greedy })
    expect(told).toMatchObject({ text: ' 5, 6, 7, 8, ', stop: 'sequence', sequence: '9,' })
  })

  test('[X7] the beginning of a stop sequence that does not come is kept', async () => {
    const question = { model: 'starter', messages: counting, maxTokens: 24, ...greedy }
    const plain = await ask(served.url, question)
    const told = await ask(served.url, { ...question, stop: ['9, 10, 11, 13'] })
    expect(told).toMatchObject({ text: plain.text, stop: 'length' })
  })
})

describe('sampling, which only some clients can ask for', () => {
  const client = openOpenAI(served.url)
  const drawn = async (more: object) => {
    const body = { model: 'tiny', messages: say('Hello') as never, max_tokens: 24, ...more }
    return (await client.chat.completions.create(body)).choices[0]?.message.content
  }

  test('[X11] the same seed gives the same text again', async () => {
    expect(await drawn({ seed: 7, temperature: 1 })).toBe(await drawn({ seed: 7, temperature: 1 }))
  })

  test('[X11] another seed gives another text', async () => {
    expect(await drawn({ seed: 7, temperature: 1 })).not.toBe(await drawn({ seed: 8, temperature: 1 }))
  })

  test('[X11] without a seed each text is another', async () => {
    expect(await drawn({ temperature: 1.5 })).not.toBe(await drawn({ temperature: 1.5 }))
  })

  test('[X11] one candidate leaves only the likeliest answer', async () => {
    expect(await drawn({ temperature: 2, top_k: 1 })).toBe(await drawn({ temperature: 0 }))
  })

  test('[X11] a token may be ruled out', async () => {
    const plain = await drawn({ temperature: 0 })
    const biases = Object.fromEntries(Array.from({ length: 26 }, (_, n) => [String(66 + n), -100]))
    expect(await drawn({ temperature: 0, logit_bias: biases })).not.toBe(plain)
  })
})
