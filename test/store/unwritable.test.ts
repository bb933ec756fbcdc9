import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createKeepResponses } from '../../src/services/keep-responses.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { KeptResponse } from '../../src/store/tables/kept-response.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { says, scripted } from '../support/scripted-backend.ts'
import { openOpenAI } from '../support/sdk-clients.ts'
import { start } from '../support/start-server.ts'

const asking = { owner: '', makeRoom: () => {} }

function response(id: string): KeptResponse {
  return { id, owner: '', isLocalOnly: false, input: [{ type: 'message', content: 'Hi' }], response: { output: [] } }
}

/** A store with one response, its file as another program has it open, and what is logged. */
async function openKept() {
  const folder = await mkdtemp(path.join(tmpdir(), 'duologue-unwritable-'))
  const store = await openStore({ dataDirectory: folder, now: Date.now })
  const other = new DatabaseSync(path.join(folder, 'state', 'duologue.db'))
  onTestFinished(async () => {
    other.close()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  const log: string[] = []
  const logger = createLogger({ level: 'warn', destination: { write: line => log.push(line) } })
  const service = createKeepResponses({ table: () => store.responses, isWanted: () => true, logger })
  await store.responses.keep(response('resp_1'))
  return { store, service, other, log }
}

test('stored responses are gone on from while another program keeps the database to itself', async () => {
  const { service, other } = await openKept()
  other.exec('begin immediate')
  for (let count = 0; count < 3; count += 1) {
    const { history } = await service.recall({ previousId: 'resp_1', itemIds: [] }, asking)
    expect(history).toHaveLength(1)
    expect(await service.find('resp_1', asking)).toEqual(response('resp_1'))
  }
  other.exec('rollback')
})

test('a use that cannot be written is logged, and what was asked for is given', async () => {
  const { service, other, log } = await openKept()
  other.exec("create trigger full before update on responses begin select raise(abort, 'no'); end")
  const { history } = await service.recall({ previousId: 'resp_1', itemIds: [] }, asking)
  expect(history).toHaveLength(1)
  await expect.poll(() => log.join('')).toContain('the time of stored responses could not begin anew')
})

test('an answer that cannot be stored ends with the word that it is not', async () => {
  const { service, other, log } = await openKept()
  other.exec("create trigger full before insert on responses begin select raise(abort, 'no'); end")
  const { port } = await start({ backends: [scripted({ steps: says('Hello') })], responses: service })
  const { responses } = openOpenAI(`http://127.0.0.1:${port}`)
  expect(await responses.create({ model: 'm', input: 'Hi' })).toMatchObject({ status: 'completed', store: false })
  const told: unknown[] = []
  for await (const event of await responses.create({ model: 'm', input: 'Hi', stream: true })) {
    if ('response' in event) told.push([event.type, Reflect.get(event.response, 'store')])
  }
  expect(told).toEqual([
    ['response.created', true],
    ['response.in_progress', true],
    ['response.completed', false],
  ])
  expect(log.join('')).toContain('a response could not be stored')
})

test('an answer does not wait until another program has left the database, and is stored then', async () => {
  const { service, other, log } = await openKept()
  const { port } = await start({ backends: [scripted({ steps: says('Hello') })], responses: service })
  const { responses } = openOpenAI(`http://127.0.0.1:${port}`)
  other.exec('begin immediate')
  const { id, ...made } = await responses.create({ model: 'm', input: 'Hi' })
  expect(made).toMatchObject({ status: 'completed', store: false })
  expect(log.join('')).toContain('storing a response takes long')
  other.exec('rollback')
  await expect.poll(() => service.find(id, asking)).toBeDefined()
})
