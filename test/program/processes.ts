import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { cacheFolder } from '../support/engine-package.ts'

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** What the process reads; without it, nothing. */
  readonly input?: string
  /** Whether the process reads what `write` gives it, too. */
  readonly isTalkedTo?: boolean
  readonly folder?: string
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** A process that a test started. It is killed when the test ends, if it still runs. */
export interface RunningProcess {
  readonly processId: number
  readonly out: string
  readonly err: string
  /**
   * Settles when everything written to both streams, in that order and from a letter on, has what is looked for.
   * Throws where the process ends before.
   */
  until(found: RegExp, from?: number): Promise<RegExpExecArray>
  write(text: string): void
  closeInput(): void
  /** Reads nothing more of what it writes. */
  closeOutput(): void
  signal(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

/** Starts a process with an environment of its own: what the machine needs, and what the test says. */
export function startProcess(words: readonly [string, ...string[]], options: StartOptions = {}): RunningProcess {
  const [program, ...flags] = words
  const child = spawn(program, flags, {
    cwd: options.folder,
    env: { ...machineEnvironment(), ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const written = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.err += text))
  child.stdin.on('error', () => undefined)
  child.stdin.write(options.input ?? '')
  if (options.isTalkedTo !== true) child.stdin.end()
  const closing = Promise.withResolvers<Ended>()
  child.once('close', (code, signal) => closing.resolve({ code, signal, ...written }))
  const ended = closing.promise
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    processId: child.pid ?? 0,
    get out() {
      return written.out
    },
    get err() {
      return written.err
    },
    until: async (found, from = 0) => {
      const look = () => found.exec((written.out + written.err).slice(from))
      const gone = ended.then(({ code, signal }) => {
        const match = look()
        if (match) return match
        throw new Error(`ended with ${code ?? signal} before ${found}:\n${written.out}\n${written.err}`)
      })
      gone.catch(() => undefined)
      for (;;) {
        const match = look()
        if (match) return match
        const more = new AbortController()
        const { signal } = more
        const news = [once(child.stdout, 'data', { signal }), once(child.stderr, 'data', { signal })]
        await Promise.race([...news, gone])
        more.abort()
        await Promise.allSettled(news)
      }
    },
    write: text => void child.stdin.write(text),
    closeInput: () => void child.stdin.end(),
    closeOutput: () => {
      child.stdout.destroy()
      child.stderr.destroy()
    },
    signal: signal => void child.kill(signal),
    ended,
  }
}

/** Runs a process to its end. */
export async function runProcess(words: readonly [string, ...string[]], options: StartOptions = {}): Promise<Ended> {
  return startProcess(words, options).ended
}

/* It is forgotten with the programs that it was compiled of. */
const compiledCode = join(cacheFolder, 'program', 'compiled')

/** The variables of this machine, without those that would change what the program does. */
function machineEnvironment(): NodeJS.ProcessEnv {
  const strange = /^(DUOLOGUE_|HF_|NODE_OPTIONS$|NODE_ENV$|NO_COLOR$|FORCE_COLOR$|VITEST|COLUMNS$)/
  const kept = Object.entries(process.env).filter(([name]) => !strange.test(name))
  // Whoever runs the tests may have a configuration file. Tests start the same program some hundred times.
  return { ...Object.fromEntries(kept), XDG_CONFIG_HOME: '/nonexistent', NODE_COMPILE_CACHE: compiledCode }
}

const list = promisify(execFile)

interface Listed {
  readonly processId: number
  readonly parentId: number
  readonly state: string
}

async function listProcesses(): Promise<readonly Listed[]> {
  const { stdout } = await list('ps', ['-A', '-o', 'pid=,ppid=,stat='])
  return stdout
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .map(([processId, parentId, state = '']) => ({ processId: Number(processId), parentId: Number(parentId), state }))
}

/** The processes that another one started, and that still run. */
export async function childrenOf(processId: number): Promise<readonly number[]> {
  const found = (await listProcesses()).filter(
    ({ parentId, state }) => parentId === processId && !state.startsWith('Z'),
  )
  return found.map(({ processId }) => processId)
}

/** Settles when a process runs no more. A dead one that nobody has asked about yet counts as gone. */
export async function untilGone(processId: number): Promise<void> {
  const isRunning = async () =>
    (await listProcesses()).some(found => found.processId === processId && !found.state.startsWith('Z'))
  while (await isRunning()) await new Promise(resolve => setTimeout(resolve, 50))
}

/** Waits for the process of a model that another one started, and gives it before it has loaded anything. */
export async function engineOf(processId: number): Promise<number> {
  for (;;) {
    const found = await list('pgrep', ['-P', String(processId), '-f', 'worker/main']).catch(() => undefined)
    if (found) return Number(found.stdout.trim())
  }
}
