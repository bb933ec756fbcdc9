import { randomInt } from 'node:crypto'
import { Socket } from 'node:net'
import { openJsonLines } from '../json-lines.ts'
import { ContextRefused } from '../load-refusal.ts'
import type {
  ArchiveSettings,
  FromWorker,
  LoadSettings,
  PlaceTrouble,
  Survey,
  Surveyed,
  ToWorker,
} from '../messages.ts'
import { loadEmbeddingModel } from './embedding-model.ts'
import { loadRankingModel } from './ranking-model.ts'
import { serveTexts } from './serve-texts.ts'
import { serve } from './serve.ts'
import { surveyGraphics } from './survey-graphics.ts'
import type { ServedModel } from './serve.ts'
import { openArchive } from './open-archive.ts'
import { checkLanguageModel } from './check-language-model.ts'
import { loadLanguageModel } from './language-model.ts'

/* The socket to the gateway is the child's fourth file: no name in the file system, nothing to connect to. */
const gatewaySocket = 3

/* The exit status of a child whose native engine failed in a step (sysexits: internal software error). */
const exitSoftware = 70

// What is written away holds conversations.
process.umask(0o077)

/** Runs one model's child process: it loads what the gateway says, serves it, and goes when the gateway goes. */
function main(): void {
  const socket = new Socket({ fd: gatewaySocket, readable: true, writable: true })
  let served: ServedModel | undefined
  const gateway = openJsonLines(socket, async value => {
    // oxlint-disable-next-line no-unsafe-type-assertion -- the gateway is this package, of the same version
    const message = value as ToWorker | Survey
    if (message.type === 'load') served = await load(message.settings, gateway.send)
    else if (message.type === 'survey') await survey(message.packageDirectory, gateway.send)
    else served?.receive(message)
  })
  socket.on('close', () => void leave(served))
  // A terminal and a supervisor send these to every process of a server at once. The gateway decides what ends when.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  // A file that may not grow any more fails to be written, and ends nothing else.
  if (process.platform !== 'win32') process.on('SIGXFSZ', () => undefined)
}

/* What takes longer than this is evaluated again sooner than it is waited for. */
const longestGoodbyeMs = 8000

async function leave(served: ServedModel | undefined): Promise<void> {
  setTimeout(() => process.exit(0), longestGoodbyeMs)
  await served?.leave()
  process.exit(0)
}

async function survey(packageDirectory: string, send: Send): Promise<void> {
  const graphics = await surveyGraphics(packageDirectory)
  send({ type: 'surveyed', ...(graphics && { graphics }) })
}

const noArchive: ArchiveSettings = { places: {}, stateSize: { bytes: 0, bytesPerToken: 0 } }

type Send = (message: FromWorker | Surveyed) => void

async function load(settings: LoadSettings, send: Send): Promise<ServedModel | undefined> {
  try {
    return await loadFor[settings.use](settings, send)
  } catch (error) {
    send({ type: 'load-failed', message: String(error), isContextRefused: error instanceof ContextRefused })
    return undefined
  }
}

async function loadForAnswers(settings: LoadSettings, send: Send): Promise<ServedModel> {
  const model = await loadLanguageModel(settings, fraction => send({ type: 'progress', fraction }))
  await checkLanguageModel(model)
  const { places, stateSize } = settings.archive ?? noArchive
  const onTrouble = (trouble: PlaceTrouble): void => send({ type: 'cache-trouble', ...trouble })
  const archive = await openArchive({ model, places, stateSize, now: () => Date.now(), onTrouble })
  const served = serve(model, {
    archive,
    pacing: settings.pacing,
    now: () => Date.now(),
    send,
    chooseSeed: () => randomInt(0xffff_ffff),
    onFailure,
  })
  const { contextTokens, slots, threads, system } = model
  send({ type: 'ready', info: { use: 'answers', contextTokens, slots, threads, system } })
  return served
}

async function loadForVectors(settings: LoadSettings, send: Send): Promise<ServedModel> {
  const model = await loadEmbeddingModel(settings, fraction => send({ type: 'progress', fraction }))
  const { contextTokens, threads, system, vectorLength } = model
  send({ type: 'ready', info: { use: 'vectors', contextTokens, slots: 1, threads, system, vectorLength } })
  return serveTexts(model, { send, onFailure })
}

async function loadForScores(settings: LoadSettings, send: Send): Promise<ServedModel> {
  const model = await loadRankingModel(settings, fraction => send({ type: 'progress', fraction }))
  const { contextTokens, threads, system } = model
  send({ type: 'ready', info: { use: 'scores', contextTokens, slots: 1, threads, system } })
  return serveTexts(model, { send, onFailure })
}

const loadFor = { answers: loadForAnswers, vectors: loadForVectors, scores: loadForScores } as const

function onFailure(error: unknown): void {
  process.stderr.write(`the native engine failed: ${String(error)}\n`)
  process.exit(exitSoftware)
}

main()
