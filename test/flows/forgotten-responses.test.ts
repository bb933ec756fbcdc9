import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import type { Environment } from '../../src/config/environment.ts'
import { openConfiguredStore } from '../../src/services/configured-store.ts'
import type { Store } from '../../src/store/open-store.ts'
import { runProgram } from '../support/run-program.ts'

async function openStore(environment: Environment): Promise<Store> {
  const store = await openConfiguredStore(loadConfig({}, environment).config, environment)
  onTestFinished(() => store.close())
  return store
}

test('a server that is told to store no responses deletes those that are there', async () => {
  const kept = { owner: '', isLocalOnly: false, input: [], response: {} }
  const { environment } = await runProgram('keep-responses-days: 0', async environment => {
    const store = await openStore(environment)
    for (let count = 0; count < 60; count += 1) await store.responses.keep({ ...kept, id: `resp_${count}` })
  })
  const store = await openStore({ DUOLOGUE_DATA: environment['DUOLOGUE_DATA'] })
  const left = async () =>
    (await store.responses.findAll(['resp_0', 'resp_59'], { owner: '', makeRoom: () => {} })).length
  await expect.poll(left).toBe(0)
})
