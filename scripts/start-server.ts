import { spawn } from 'node:child_process'

export interface RunningServer {
  readonly url: string
  /** Asks the server to end, and waits until it has. Gives its exit code. */
  readonly stop: () => Promise<number | null>
}

/**
 * Runs `duologue serve` as a program of its own, and waits until it listens. What it tells on standard error is shown:
 * it says what takes time, and what went wrong.
 */
export async function startServer(main: string, flags: readonly string[]): Promise<RunningServer> {
  const child = spawn(process.execPath, [main, 'serve', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = Promise.withResolvers<number | null>()
  const listening = Promise.withResolvers<string>()
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    const url = /listens on (\S+)/.exec(printed)?.[1]
    if (url !== undefined) listening.resolve(url)
  })
  child.once('close', code => {
    listening.reject(new Error(`duologue serve ended with ${code} before it listened`))
    ended.resolve(code)
  })
  const url = await listening.promise
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      return ended.promise
    },
  }
}
