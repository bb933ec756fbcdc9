import { expect, test } from 'vitest'
import { scripted } from '../../test/support/scripted-backend.ts'
import { planRoute, type ModelDirectory } from './plan-route.ts'

const backend = scripted({ steps: [] })

function directory(...names: string[]): ModelDirectory {
  return { targets: name => (names.includes(name) ? [{ backend, model: name }] : []), names: () => names }
}

test('a known model is planned with the targets that serve it', () => {
  expect(planRoute({ model: 'a' }, directory('a', 'b'))).toEqual({ targets: [{ backend, model: 'a' }] })
})

test('an unknown model is not found, and the message names those that exist', () => {
  expect(() => planRoute({ model: 'gpt-9' }, directory('a', 'b'))).toThrow(
    expect.objectContaining({
      kind: 'not-found',
      code: 'model-not-found',
      field: ['model'],
      message: 'model: "gpt-9" does not exist; use "a", "b"',
    }),
  )
})

test('where no model is installed, the message says how to get one', () => {
  expect(() => planRoute({ model: 'a' }, directory())).toThrow(/no model is installed, `duologue pull`/)
})

test('a long name and a long list are cut in the message', () => {
  const names = Array.from({ length: 500 }, (_, index) => `model-${index}`)
  expect(() => planRoute({ model: 'x'.repeat(100_000) }, directory(...names))).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/^.{0,500}and 490 more, see GET \/v1\/models$/) }),
  )
})
