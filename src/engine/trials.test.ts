import { expect, test } from 'vitest'
import { createTrials } from './trials.ts'

const never = new AbortController().signal

/** Whether a promise is settled once everything that is at hand has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let isSo = false
  promise.then(
    () => (isSo = true),
    () => (isSo = true),
  )
  await new Promise(resolve => setImmediate(resolve))
  return isSo
}

test('requests that a process ended with run one after the other', async () => {
  const trials = createTrials()
  const endFirst = await trials.enter('m', never)
  const second = trials.enter('m', never)
  const third = trials.enter('m', never)
  expect([await isSettled(second), await isSettled(third)]).toEqual([false, false])
  endFirst()
  const endSecond = await second
  expect(await isSettled(third)).toBe(false)
  endSecond()
  expect(await isSettled(third)).toBe(true)
})

test('those of another model do not wait', async () => {
  const trials = createTrials()
  await trials.enter('m', never)
  expect(await isSettled(trials.enter('other', never))).toBe(true)
})

test('one whose client left while it waited keeps nobody', async () => {
  const trials = createTrials()
  const leaving = new AbortController()
  const endFirst = await trials.enter('m', never)
  const second = trials.enter('m', leaving.signal)
  const third = trials.enter('m', never)
  leaving.abort()
  await expect(second).rejects.toMatchObject({ kind: 'aborted' })
  expect(await isSettled(third)).toBe(false)
  endFirst()
  expect(await isSettled(third)).toBe(true)
})
