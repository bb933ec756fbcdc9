import type { ProtocolId } from '../../src/core/extras.ts'
import { ModelError } from '../../src/core/errors.ts'
import { runMatrix } from '../../test/support/faults/matrix.ts'
import type { Source } from '../../test/support/faults/matrix.ts'
import { sourceOf } from '../../test/support/faults/sources.ts'
import { keptStreams } from '../../test/support/scripted-upstream.ts'
import { meaning } from '../../test/support/speaking.ts'
import { atMost } from './figures.ts'
import type { Figure } from './figures.ts'

const protocols: readonly ProtocolId[] = ['anthropic-messages', 'openai-chat', 'openai-responses']

const faultsShown = 10
const together = 24

/** Breaks every kept stream at every event in every way, for every client, with and without another target behind it. */
export async function measureFaults(): Promise<readonly Figure[]> {
  const names = await Promise.all(
    protocols.map(async protocol => (await keptStreams(protocol)).map(name => ({ protocol, name }))),
  )
  const all = await Promise.all(names.flat().map(({ protocol, name }) => sourceOf(protocol, name)))
  const sources = await answering(all)
  const healthy = sources.filter(({ name }) => /(anthropic|openai)-text/.test(name))
  const { cases, faults, outcomes, amplification } = await runMatrix({ sources, healthy, together })
  process.stdout.write(`     ${cases} cases: ${JSON.stringify(outcomes)}\n`)
  for (const fault of faults.slice(0, faultsShown)) process.stdout.write(`     ${fault}\n`)
  return [
    atMost(['R5', 'replies that are out of grammar or not as promised'], faults.length, { target: 0, unit: 'replies' }),
    atMost(['R5', 'requests at upstreams for each that was needed'], amplification, { target: 1.2, unit: 'times' }),
  ]
}

/* Streams that fail by themselves are no answers to break. */
async function answering(sources: readonly Source[]): Promise<readonly Source[]> {
  const meanings = await Promise.all(sources.map(({ protocol, stream }) => meaning(protocol, stream)))
  return sources.filter((_, at) => !(meanings[at] instanceof ModelError))
}
