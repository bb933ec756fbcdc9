import { Secret } from '../../src/core/secret.ts'
import { ModelError } from '../../src/core/errors.ts'
import { openStore } from '../../src/store/open-store.ts'

/** A process whose files may not grow beyond a limit: `full-disk-child.ts <data directory>`. It tells what it saw. */
const [dataDirectory = ''] = process.argv.slice(2)
// Instead of the signal, the write itself fails, as on a full disk.
process.on('SIGXFSZ', () => undefined)

const store = await openStore({ dataDirectory, now: Date.now, attempts: { mostWaiting: 2000 } })
await store.providers.put({ id: 'kept', kind: 'ollama', key: new Secret('k') })

let notedWithoutFailure = 0
let flushFailure: unknown
for (let count = 0; count < 5000; count++) {
  const requestId = `${count}-${'x'.repeat(200)}`
  store.attempts.note({ requestId, number: 1, at: count, provider: 'p', model: 'm'.repeat(200), durationMs: 1 })
  notedWithoutFailure++
  if (count % 500 === 499) flushFailure = await store.attempts.flush().catch((error: unknown) => error)
}
const url = `http://localhost/${'x'.repeat(2000)}`
let putFailure: unknown
for (let count = 0; count < 200 && putFailure === undefined; count++) {
  putFailure = await store.providers.put({ id: `p${count}`, kind: 'ollama', url }).catch((error: unknown) => error)
}
process.stdout.write(
  JSON.stringify({
    notedWithoutFailure,
    dropped: store.attempts.dropped,
    flushFailure: flushFailure instanceof ModelError ? flushFailure.message : 'none',
    putFailure: putFailure instanceof ModelError ? putFailure.message : 'none',
    keyStillThere: (await store.providers.get('kept'))?.key?.reveal(),
  }),
)
await store.close()
