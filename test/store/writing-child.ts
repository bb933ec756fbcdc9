import type { RouteRule } from '../../src/core/route-rules.ts'
import { Secret } from '../../src/core/secret.ts'
import { openStore } from '../../src/store/open-store.ts'

/** A process that writes and says what was acknowledged: `writing-child.ts <data directory> <round>`. */
const [dataDirectory = '', round = ''] = process.argv.slice(2)

const store = await openStore({ dataDirectory, now: Date.now })
process.stdout.write('open\n')
for (let count = 0; ; count++) {
  const name = `${round}-${count}`
  const rule: RouteRule = { name, match: {}, targets: [{ provider: 'p' }] }
  store.attempts.note({ requestId: name, number: 1, at: count, provider: 'p', model: 'm', durationMs: 1 })
  await store.providers.put({ id: 'p', kind: 'ollama', key: new Secret(name) })
  process.stdout.write(`key ${name}\n`)
  await store.routes.put(rule, 1)
  process.stdout.write(`route ${name}\n`)
  await store.attempts.flush()
}
