import { spawn } from 'node:child_process'
import { abortError } from './failures.ts'

export interface CommandRun {
  /** Also where Python runs, so that no file of the user's folder shadows a module. */
  readonly folder: string
  readonly environment: Record<string, string>
  readonly signal: AbortSignal
  /** Hears what it writes, as it comes. */
  readonly onOutput?: (text: string) => void
}

const keptOutput = 16 * 1024

/** Runs a program to its end. Gives the last of what it wrote, and 127 as its code where it is not there. */
export async function runCommand(
  [file = '', ...args]: readonly string[],
  run: CommandRun,
): Promise<{ code: number; output: string }> {
  if (run.signal.aborted) throw abortError()
  const child = spawn(file, args, {
    cwd: run.folder,
    env: run.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  })
  const stop = () => child.kill()
  run.signal.addEventListener('abort', stop)
  let output = ''
  const keep = (chunk: Buffer) => {
    const text = chunk.toString('utf8')
    output = (output + text).slice(-keptOutput)
    run.onOutput?.(text)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  try {
    const code = await new Promise<number>(resolve => {
      child.once('error', () => resolve(127))
      child.once('close', status => resolve(status ?? 1))
    })
    if (run.signal.aborted) throw abortError()
    return { code, output }
  } finally {
    run.signal.removeEventListener('abort', stop)
  }
}
