import { ModelError } from '../core/errors.ts'

/** Why a child process is no more. */
export interface HostExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last of what the child wrote to its standard error, for the log. */
  readonly lastWords: string
  /** How long the child made no progress; present where it was ended for that. */
  readonly stalledMs?: number
  /** Whether it was writing or reading a conversation's file meanwhile. */
  readonly isFileStuck?: boolean
}

/** The cause of what failed because the child ended. */
export class HostEnded extends Error {
  override readonly name = 'HostEnded'
  /** Whether the child worked on this when it ended, rather than had it wait. */
  readonly isSuspect: boolean
  readonly processId: number | undefined
  /** Whether it was ended because it made no progress. */
  readonly hasStalled: boolean

  constructor(message: string, ended: Pick<HostEnded, 'isSuspect' | 'processId' | 'hasStalled'>) {
    super(message)
    this.isSuspect = ended.isSuspect
    this.processId = ended.processId
    this.hasStalled = ended.hasStalled
  }
}

/** Whether something failed because the child ended. */
export function hasEnded(error: unknown): boolean {
  return error instanceof ModelError && error.cause instanceof HostEnded
}

/** What a child's end means for who waited for it. */
export interface EndedHost {
  readonly processId: number | undefined
  readonly during: 'loading' | 'answering'
  readonly isSuspect: boolean
}

/** Tells who waited for a child that it ended. */
export function toEnding(exit: HostExit, { processId, during, isSuspect }: EndedHost): ModelError {
  const words = exit.stalledMs === undefined ? endedWhile : stalledFor(exit.stalledMs)
  const hasStalled = exit.stalledMs !== undefined
  // A request is not to blame for a disk that hangs.
  const isToBlame = isSuspect && exit.isFileStuck !== true
  const cause = new HostEnded(describeExit(exit), { isSuspect: isToBlame, processId, hasStalled })
  return new ModelError('unavailable', words[during], { cause, isWorthRepeating: true })
}

function describeExit({ code, signal, lastWords }: HostExit): string {
  return `the engine process ended with ${signal ?? `exit status ${code}`}: ${lastWords.trim()}`
}

const endedWhile = {
  loading: 'the engine process ended while it loaded the model',
  answering: 'the engine process ended before the answer did; it is started again for the next request',
}

function stalledFor(silentMs: number): typeof endedWhile {
  const hung = `the engine process made no progress for ${Math.ceil(silentMs / 1000)} s`
  return {
    loading: `${hung} while it loaded the model, and was ended`,
    answering: `${hung} and was ended; it is started again for the next request`,
  }
}
