import { expect, test } from 'vitest'
import { createQuarantine } from './quarantine.ts'
import type { Mishap } from './quarantine.ts'

test.each<[readonly Mishap[], string]>([
  [['ended', 'ended', 'ended'], "the engine process of 'm' ended 3 times within a minute"],
  [['not-loaded', 'not-loaded', 'not-loaded'], "the engine could not load 'm' 3 times within a minute"],
  [['ended', 'not-loaded', 'ended'], "the engine could not load 'm', or its process ended, 3 times within a minute"],
])('a model that is left alone after %j says what happened, and when it is tried again', (mishaps, words) => {
  const quarantine = createQuarantine(() => 0)
  for (const mishap of mishaps) {
    expect(() => quarantine.check('m')).not.toThrow()
    quarantine.note('m', mishap)
  }
  expect(() => quarantine.check('m')).toThrow(`${words}; it is tried again in 60 s`)
})
