import { openStore } from '../../src/store/open-store.ts'

/** A process that changes the master key again and again: `rotating-child.ts <options of the store as JSON>`. */
const options = JSON.parse(process.argv[2] ?? '{}') as { readonly dataDirectory: string }

const store = await openStore({ ...options, now: Date.now })
process.stdout.write('open\n')
for (;;) {
  const { keyId } = await store.rotateMasterKey()
  process.stdout.write(`${keyId}\n`)
}
