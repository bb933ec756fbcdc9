import { randomInt } from 'node:crypto'
import { Socket } from 'node:net'
import { openJsonLines } from '../json-lines.ts'
import type { FromWorker, LoadSettings, ToWorker } from '../messages.ts'
import { serve } from './serve.ts'
import type { ServedModel } from './serve.ts'
import { checkLanguageModel, loadLanguageModel } from './language-model.ts'

/* The socket to the gateway is the child's fourth file: no name in the file system, nothing to connect to. */
const gatewaySocket = 3

/* The exit status of a child whose native engine failed in a step (sysexits: internal software error). */
const exitSoftware = 70

/** Runs one model's child process: it loads what the gateway says, serves it, and goes when the gateway goes. */
function main(): void {
  const socket = new Socket({ fd: gatewaySocket, readable: true, writable: true })
  let served: ServedModel | undefined
  const gateway = openJsonLines(socket, async value => {
    // oxlint-disable-next-line no-unsafe-type-assertion -- the gateway is this package, of the same version
    const message = value as ToWorker
    if (message.type === 'load') served = await load(message.settings, gateway.send)
    else served?.receive(message)
  })
  socket.on('close', () => process.exit(0))
  // A terminal and a supervisor send these to every process of a server at once. The gateway decides what ends when.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
}

async function load(settings: LoadSettings, send: (message: FromWorker) => void): Promise<ServedModel | undefined> {
  try {
    const model = await loadLanguageModel(settings, fraction => send({ type: 'progress', fraction }))
    await checkLanguageModel(model)
    const served = serve(model, {
      sharedPrefillTokens: settings.sharedPrefillTokens,
      send,
      chooseSeed: () => randomInt(0xffff_ffff),
      onFailure: error => {
        process.stderr.write(`the native engine failed: ${String(error)}\n`)
        process.exit(exitSoftware)
      },
    })
    const { contextTokens, slots, threads, system } = model
    send({ type: 'ready', info: { contextTokens, slots, threads, system } })
    return served
  } catch (error) {
    send({ type: 'load-failed', message: String(error) })
    return undefined
  }
}

main()
