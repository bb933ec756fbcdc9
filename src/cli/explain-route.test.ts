import { expect, test } from 'vitest'
import { commandContext } from '../../test/support/command-context.ts'
import type { RouteExplanation } from '../services/explain-route.ts'
import type { AskedRoute } from './program-context.ts'
import { createProgram } from './program.ts'

const why = 'the first token is estimated after 14000 ms, more than 5000 ms'

const explanation: RouteExplanation = {
  model: 'qwen',
  promptTokens: 2,
  needs: [],
  route: 'spill',
  targets: [{ provider: 'openai', model: 'gpt-5', isLocal: false, timeouts: {}, retries: 0 }],
  steps: [{ about: 'target', name: 'local/qwen', verdict: 'moved-back', why }],
}

test('with --running the server is asked, with the key of that name, and its reasons are told', async () => {
  const asked: AskedRoute[] = []
  const { context, out } = commandContext({
    explainRunningRoute: async question => {
      asked.push(question)
      return explanation
    },
  })
  await createProgram(context).parseAsync(['routes', 'explain', 'qwen', '--running', '--key', 'laptop'], {
    from: 'user',
  })
  const request = { model: 'qwen', messages: [{ role: 'user', content: 'Hello' }] }
  expect(asked).toEqual([{ protocol: 'anthropic-messages', request, headers: {}, key: 'laptop' }])
  expect(out()).toContain(`target local/qwen  moved back  ${why}`)
  expect(out()).toContain('By spill, it would go to openai/gpt-5')
})
