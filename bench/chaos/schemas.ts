import fc from 'fast-check'
import { judgeAnswer } from '../../test/support/schema-answers.ts'
import type { SchemaVerdict } from '../../test/support/schema-answers.ts'
import { schemaQuestion } from '../../test/support/schema-questions.ts'
import { fact } from './figures.ts'
import type { Figure } from './figures.ts'
import { startGateway } from './gateway.ts'

export interface SchemaSettings {
  readonly seed: number
  readonly schemas: number
}

const together = 4
const model = 'one'

/** Forces random schemas and the tools of real agents upon answers; gives how many keep to them. */
export async function measureSchemas({ seed, schemas }: SchemaSettings): Promise<readonly Figure[]> {
  const flags = { slots: together, threads: 1 }
  const gateway = await startGateway({ models: [model], contextTokens: 16_384, areBrief: true, flags })
  const questions = fc.sample(schemaQuestion, { numRuns: schemas, seed })
  const verdicts: SchemaVerdict[] = []
  const askAll = async (): Promise<void> => {
    for (let question = questions.pop(); question; question = questions.pop()) {
      const verdict = await judgeAnswer(gateway.port, model, question)
      for (const fault of verdict.faults) process.stdout.write(`     ${fault}\n     of ${JSON.stringify(question)}\n`)
      verdicts.push(verdict)
    }
  }
  try {
    await Promise.all(Array.from({ length: together }, askAll))
  } finally {
    await gateway.close()
  }
  const outcomes = Object.entries(Object.groupBy(verdicts, ({ outcome }) => outcome))
  process.stdout.write(`     ${outcomes.map(([outcome, { length }]) => `${outcome} ${length}`).join(', ')}\n`)
  const wrong = verdicts.filter(({ faults }) => faults.length > 0).length
  return [
    fact(
      ['W9', `${schemas} answers keep their schema or tell a loss; counts are exact`],
      wrong === 0,
      `${wrong} wrong`,
    ),
  ]
}
