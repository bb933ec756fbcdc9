import { setTimeout as delay } from 'node:timers/promises'
import type { Backend, Outlook } from '../../core/backend.ts'
import { ModelError } from '../../core/errors.ts'
import type { Engine } from '../provider.ts'
import type { Hold, ManagedEngine } from './managed-engine.ts'

/** Gives a backend whose program is started for each request that needs it, and stays while one is answered. */
export function manageBackend(backend: Backend, engine: ManagedEngine): Backend {
  const countTokens = backend.countTokens?.bind(backend)
  const embed = backend.embed?.bind(backend)
  const { homebound } = backend
  const relay = backend.relay?.bind(backend)
  return {
    ...backend,
    stream: (request, signal) => holdWhile(engine, signal, () => backend.stream(request, signal)),
    ...(countTokens && {
      countTokens: (request, signal) => holdFor(engine, signal, () => countTokens(request, signal)),
    }),
    ...(embed && { embed: (request, signal) => holdFor(engine, signal, () => embed(request, signal)) }),
    ...(relay && { relay: (request, signal) => holdWhile(engine, signal, () => relay(request, signal)) }),
    ...(homebound && { homebound: manageBackend(homebound, engine) }),
    outlook: model => expect(engine.state, backend.outlook?.(model)),
  }
}

/** Does one thing with a running engine. Throws a `ModelError`. */
export async function holdFor<Result>(
  engine: ManagedEngine,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  const hold = await engine.hold(signal)
  try {
    return await work()
  } catch (error) {
    throw await retell(error, engine, hold)
  } finally {
    hold.release()
  }
}

async function* holdWhile<Piece>(
  engine: ManagedEngine,
  signal: AbortSignal,
  work: () => AsyncIterable<Piece>,
): AsyncGenerator<Piece> {
  const hold = await engine.hold(signal)
  try {
    yield* work()
  } catch (error) {
    throw await retell(error, engine, hold)
  } finally {
    hold.release()
  }
}

/* A connection breaks a moment before its process is known to be gone. */
const goneMs = 250

async function retell(failure: unknown, engine: ManagedEngine, { process }: Hold): Promise<unknown> {
  if (!(failure instanceof ModelError)) return failure
  if (failure.kind === 'timeout') void engine.suspect(process)
  if (failure.kind !== 'unavailable') return failure
  await Promise.race([process.exited, delay(goneMs, undefined, { ref: false })])
  if (!process.hasEnded) return failure
  return new ModelError('unavailable', 'the engine ended before the answer did; the next request starts it again', {
    cause: new Error(engine.log.slice(-lastLines).join('\n'), { cause: failure }),
    isWorthRepeating: true,
  })
}

const lastLines = 10

const expected: Readonly<Record<Engine['state'], Pick<Outlook, 'state'>>> = {
  // Whoever asks it first has it started.
  stopped: {},
  starting: { state: 'loading' },
  ready: { state: 'ready' },
  resting: { state: 'unavailable' },
}

function expect(state: Engine['state'], known: Outlook | undefined): Outlook | undefined {
  return state === 'stopped' ? known : { ...known, ...expected[state] }
}
