import { expect, test } from 'vitest'
import { createInTurn } from './in-turn.ts'

test('what comes later begins when what came before is over, whether it failed or not', async () => {
  const inTurn = createInTurn()
  const seen: string[] = []
  const work = (name: string) => async (): Promise<string> => {
    seen.push(`${name} begins`)
    await new Promise(resolve => void setImmediate(resolve))
    seen.push(`${name} ends`)
    if (name === 'b') throw new Error(name)
    return name
  }
  const given = await Promise.allSettled(['a', 'b', 'c'].map(name => inTurn(work(name))))
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  expect(given.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})
