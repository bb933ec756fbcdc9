import type { CacheReport } from '../../src/core/cache-report.ts'
import type { ModelRequest } from '../../src/core/request.ts'
import { toChatPrompt } from '../../src/engine/chat-prompt.ts'
import type { ArchivePlaces, CacheWrites, FromWorker, GenerationEvent } from '../../src/engine/messages.ts'
import type { Pacing } from '../../src/engine/pacing.ts'
import { partsOf } from '../../src/engine/prompt-parts.ts'
import { openArchive } from '../../src/engine/worker/open-archive.ts'
import type { LanguageModel } from '../../src/engine/worker/language-model.ts'
import { serve } from '../../src/engine/worker/serve.ts'
import { usualPacing } from './usual-pacing.ts'

export interface ServedAnswer {
  readonly text: string
  readonly report: CacheReport
  readonly written?: CacheWrites
}

/** An answer under way. */
export interface OpenAnswer {
  readonly whole: Promise<ServedAnswer>
  /** Comes with its first text. */
  readonly begun: Promise<void>
  /** Its client leaves. */
  leave(): void
  /** Its client stops reading, and its slot stays busy. */
  pause(): void
  resume(): void
}

export interface ServedInProcess {
  open(request: ModelRequest): OpenAnswer
  ask(request: ModelRequest): Promise<ServedAnswer>
  /** The sizes of what was written away and brought back, as they were told before. */
  readonly moved: readonly number[]
  /** Ends it as a server that stops does. */
  end(): Promise<void>
}

/** Serves a loaded model as its child process does, from empty slots on. */
export async function serveInProcess(
  model: LanguageModel,
  places: ArchivePlaces = {},
  { now = () => Date.now(), pacing = usualPacing }: { now?: () => number; pacing?: Pacing } = {},
): Promise<ServedInProcess> {
  for (let slot = 0; slot < model.slots; slot += 1) model.forget(slot, 0)
  const archive = await openArchive({
    model,
    places,
    stateSize: { bytes: 0, bytesPerToken: 0 },
    now,
    onTrouble: () => {},
  })
  const listeners = new Map<number, (event: GenerationEvent) => void>()
  const moved: number[] = []
  let failure: unknown
  const served = serve(model, {
    archive,
    pacing,
    now,
    send: message => {
      if (message.type === 'step' && message.moves !== undefined) moved.push(message.moves)
      tell(message, listeners)
    },
    chooseSeed: () => 1,
    onFailure: error => (failure = error),
  })
  let ids = 0
  const open = (request: ModelRequest): OpenAnswer => {
    const id = (ids += 1)
    const answer = listen(id, listeners)
    served.receive({ type: 'generate', id, task: toTask(request) })
    return {
      ...answer,
      leave: () => served.receive({ type: 'cancel', id }),
      pause: () => served.receive({ type: 'pause', id }),
      resume: () => served.receive({ type: 'resume', id }),
    }
  }
  return {
    open,
    ask: request => open(request).whole,
    moved,
    end: async () => {
      await served.leave()
      if (failure !== undefined) throw failure
    },
  }
}

function toTask(request: ModelRequest) {
  const { sampling = {}, maxTokens = 12, priority = 'normal' } = request
  return { prompt: toChatPrompt(request), parts: partsOf(request), sampling, stopSequences: [], maxTokens, priority }
}

function tell(message: FromWorker, listeners: ReadonlyMap<number, (event: GenerationEvent) => void>): void {
  if (message.type !== 'step') return
  for (const event of message.events) listeners.get(event.id)?.(event)
}

function listen(
  id: number,
  listeners: Map<number, (event: GenerationEvent) => void>,
): Pick<OpenAnswer, 'whole' | 'begun'> {
  const whole = Promise.withResolvers<ServedAnswer>()
  const begun = Promise.withResolvers<undefined>()
  let text = ''
  let started: Omit<ServedAnswer, 'text'> | undefined
  listeners.set(id, event => {
    if (event.type === 'started') started = event
    if (event.type === 'text') {
      text += event.text
      begun.resolve(undefined)
    }
    if (event.type === 'failed') whole.reject(new Error(event.failure.message))
    if (event.type === 'ended' && started) {
      const { report, written } = started
      whole.resolve({ text, report, ...(written && { written }) })
    }
  })
  return { whole: whole.promise, begun: begun.promise }
}
