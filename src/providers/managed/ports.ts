import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Gives a port of this machine that nobody listens on. */
export async function freePort(host: string): Promise<number> {
  const listener = createServer()
  listener.listen(0, host)
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  await once(listener, 'close')
  if (address === null || typeof address === 'string') throw new Error('a listener has no port')
  return address.port
}

const betweenTriesMs = 100

/** Tells whether nobody listens there, or stops to within `patienceMs`. */
export async function becomesFree(place: { host: string; port: number }, patienceMs: number): Promise<boolean> {
  const tries = Math.ceil(patienceMs / betweenTriesMs)
  for (let tried = 0; await isTaken(place); tried++) {
    if (tried >= tries) return false
    await delay(betweenTriesMs)
  }
  return true
}

const longestConnectMs = 2000

function isTaken(place: { host: string; port: number }): Promise<boolean> {
  const socket = connect(place)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.setTimeout(longestConnectMs, () => resolve(true))
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
