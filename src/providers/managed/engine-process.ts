import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { splitLines } from './split-lines.ts'

/** How an engine's process ended. */
export interface EngineExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface EngineStart {
  readonly program: string
  readonly arguments: readonly string[]
  /** All of its environment. */
  readonly variables: Readonly<Record<string, string>>
  readonly onLine: (line: string) => void
}

const shell = '/bin/sh'

/*
 * The engine leads a group of processes of its own, so that what it starts ends with it. Beside it waits a shell for
 * the end of our pipe, which comes however this process ends, and then ends the group. A core dump would hold
 * conversations; where memory runs out, the engine goes before the server that starts it again.
 */
const guard = `{ IFS= read -r _ <&3; kill -s KILL 0; } >/dev/null 2>&1 &
exec 3<&-
{ echo 500 > /proc/self/oom_score_adj; } 2>/dev/null
ulimit -c 0 2>/dev/null
exec "$@"`

/* What a process wrote last may come after it has ended. */
const lastWordsMs = 1000

/** A program that was started, with all that it starts itself. */
export class EngineProcess {
  /** Settles when it and all that it started are gone. */
  readonly exited: Promise<EngineExit>
  readonly #process: ChildProcess
  readonly #leadsGroup = existsSync(shell)
  #hasEnded = false

  constructor(start: EngineStart) {
    const options: SpawnOptions = {
      env: start.variables,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
      detached: this.#leadsGroup,
    }
    this.#process = this.#leadsGroup
      ? spawn(shell, ['-c', guard, shell, start.program, ...start.arguments], options)
      : spawn(start.program, start.arguments, options)
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', splitLines(start.onLine))
    }
    for (const stream of this.#process.stdio) stream?.on('error', () => {})
    this.exited = this.#watch()
  }

  get processId(): number | undefined {
    return this.#process.pid
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Asks it to end, and ends it where it does not within `graceMs`. Settles when it is gone. */
  async stop(graceMs: number): Promise<EngineExit> {
    this.#process.kill('SIGTERM')
    const fuse = setTimeout(() => this.kill(), graceMs)
    return this.exited.finally(() => clearTimeout(fuse))
  }

  /** Ends it at once, with all that it started. */
  kill(): void {
    const { pid } = this.#process
    if (!this.#leadsGroup || pid === undefined) {
      this.#process.kill('SIGKILL')
      return
    }
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Nobody of the group is left.
    }
  }

  async #watch(): Promise<EngineExit> {
    const closed = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<EngineExit>()
    this.#process.once('close', () => closed.resolve())
    this.#process.once('exit', (code, signal) => ended.resolve({ code, signal }))
    this.#process.once('error', () => {
      ended.resolve({ code: notFound, signal: null })
      closed.resolve()
    })
    const exit = await ended.promise
    this.#hasEnded = true
    // The shell that waits is of the group still, so that its number is nobody else's yet.
    this.kill()
    // Nothing is ever read from it, so its end would go unnoticed.
    this.#process.stdio[3]?.destroy()
    await Promise.race([closed.promise, delay(lastWordsMs, undefined, { ref: false })])
    return exit
  }
}

/* What shells say of a program that is not there, or that may not be run. */
const notFound = 127
const notAllowed = 126

/** Says in our own words how an engine ended. */
export function describeExit({ code, signal }: EngineExit, program: string): string {
  if (code === notFound) return `did not start: there is no program ${JSON.stringify(program)}`
  if (code === notAllowed) return `did not start: ${JSON.stringify(program)} cannot be run`
  return signal === null ? `ended with exit status ${code}` : `was ended by ${signal}`
}
