import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeepResponses } from '../../src/services/keep-responses.ts'
import type { KeepResponsesService } from '../../src/services/keep-responses.ts'
import { openStore } from '../../src/store/open-store.ts'
import { createLogger } from '../../src/telemetry/logger.ts'

const logger = createLogger({ level: 'silent', destination: { write: () => {} } })

/** A server that stores no responses. */
export const keepsNothing: KeepResponsesService = createKeepResponses({
  table: () => undefined,
  isWanted: () => false,
  logger,
})

/** Stored responses in a folder of their own, until it is closed. */
export async function keptResponses(): Promise<{ readonly service: KeepResponsesService } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'duologue-responses-'))
  const store = await openStore({ dataDirectory: folder, masterKey: 'ab'.repeat(32), now: () => 5 })
  return {
    service: createKeepResponses({ table: () => store.responses, isWanted: () => true, logger }),
    [Symbol.asyncDispose]: async () => {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
