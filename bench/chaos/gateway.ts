import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { removeFolder } from '../../test/support/engine.ts'
import type { FromGateway, GatewaySettings, GatewayStatus } from '../chaos-gateway.ts'

/** A running gateway that is put under stress. */
export interface Gateway {
  readonly port: number
  /** How long a model takes to load while nothing else happens. */
  readonly loadMs: number
  status(): Promise<GatewayStatus>
  model(name: string): Promise<GatewayStatus['models'][number] | undefined>
  /** Settles when a model is so; gives how long that took. */
  until(name: string, isSo: (model: GatewayStatus['models'][number]) => boolean): Promise<number>
  close(): Promise<void>
}

const file = new URL('../chaos-gateway.ts', import.meta.url)

/** Starts the whole program with tiny models, in a process and a folder of its own. */
export async function startGateway(settings: Omit<GatewaySettings, 'folder'>): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), 'duologue-chaos-'))
  const child = fork(file, [JSON.stringify({ ...settings, folder })], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const waiting = new Map<number, (status: GatewayStatus) => void>()
  const ready = Promise.withResolvers<Extract<FromGateway, { type: 'ready' }>>()
  child.on('message', (message: FromGateway) => {
    if (message.type === 'ready') return ready.resolve(message)
    waiting.get(message.id)?.(message.status)
    waiting.delete(message.id)
  })
  child.once('exit', () => ready.reject(new Error('the gateway ended')))
  const { url, loadMs } = await ready.promise
  let lastId = 0
  const status = async (): Promise<GatewayStatus> => {
    const { promise, resolve } = Promise.withResolvers<GatewayStatus>()
    waiting.set((lastId += 1), resolve)
    child.send(lastId)
    return promise
  }
  const model: Gateway['model'] = async name => (await status()).models.find(found => found.model === name)
  return {
    port: Number(new URL(url).port),
    loadMs,
    status,
    model,
    until: async (name, isSo) => {
      const began = performance.now()
      for (;;) {
        const found = await model(name)
        if (found && isSo(found)) return performance.now() - began
        await delay(5)
      }
    },
    close: () => close(child, folder),
  }
}

async function close(child: ChildProcess, folder: string): Promise<void> {
  const ended = once(child, 'exit')
  if (child.connected) child.disconnect()
  const fuse = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await ended
  clearTimeout(fuse)
  await removeFolder(folder)
}
