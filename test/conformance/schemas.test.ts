import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { serveEngine } from '../chaos/serve-engine.ts'
import { judgeAnswer } from '../support/schema-answers.ts'
import { schemaQuestion } from '../support/schema-questions.ts'
import { writeTinyModel } from '../support/tiny-model.ts'
import { useTinyModel } from '../support/use-tiny-model.ts'

const files = useTinyModel()

test('[X25] whatever schema is forced upon an answer, it is kept or its loss is told, and the prompt is counted exactly', async () => {
  const path = join(files.folder, 'long.gguf')
  await writeTinyModel(path, { contextLength: 16_384, isBrief: true })
  const { port } = await serveEngine(path)
  const outcomes: string[] = []
  await fc.assert(
    fc.asyncProperty(fc.array(schemaQuestion, { minLength: 4, maxLength: 4 }), async questions => {
      const verdicts = await Promise.all(questions.map(question => judgeAnswer(port, 'm', question)))
      outcomes.push(...verdicts.map(({ outcome }) => outcome))
      expect(verdicts.flatMap(({ faults }) => faults)).toEqual([])
    }),
    // What fails is not made smaller: each try asks a model.
    { numRuns: 6, endOnFailure: true },
  )
  expect(outcomes.filter(outcome => outcome === 'kept').length).toBeGreaterThan(outcomes.length / 3)
}, 240_000)
