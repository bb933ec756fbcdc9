import { parseArgs } from 'node:util'
import { provisionForTests } from '../test/support/engine-package.ts'
import { createChance } from './chaos/chance.ts'
import { measureCrashes } from './chaos/crash.ts'
import { measureFairness } from './chaos/fairness.ts'
import { print } from './chaos/figures.ts'
import { measureFaults } from './chaos/faults.ts'
import { measureLeaving } from './chaos/leave.ts'
import { measureQueue } from './chaos/queue.ts'
import { measureSchemas } from './chaos/schemas.ts'
import { measureStalls } from './chaos/stall.ts'

/*
 * Breaks the whole program on purpose and measures what its clients notice: `npm run chaos`. Ends with 1 where a
 * promise is not kept.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '90' },
    leavers: { type: 'string', default: '1000' },
    stalled: { type: 'string', default: '200' },
    schemas: { type: 'string', default: '100' },
    only: { type: 'string' },
  },
})
const chance = createChance(Number(values.seed))
// What breaks at an upstream needs no engine.
if (values.only !== 'faults') await provisionForTests()
const parts = {
  crashes: () => measureCrashes({ chance, seconds: Number(values.seconds) }),
  leaving: () => measureLeaving({ chance, leavers: Number(values.leavers) }),
  stalls: () => measureStalls(Number(values.stalled)),
  queue: () => measureQueue(),
  fairness: () => measureFairness(),
  faults: () => measureFaults(),
  schemas: () => measureSchemas({ seed: Number(values.seed), schemas: Number(values.schemas) }),
}
let isKept = true
for (const [name, measure] of Object.entries(parts)) {
  if (values.only !== undefined && values.only !== name) continue
  process.stdout.write(`${name}, seed ${values.seed}\n`)
  for (const figure of await measure()) {
    print(figure)
    isKept &&= figure.isKept
  }
}
process.exitCode = isKept ? 0 : 1
