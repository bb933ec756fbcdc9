import { spawn } from 'node:child_process'

export interface RunningServer {
  readonly url: string
  readonly processId: number
  /** Everything that the server wrote to its standard error so far. */
  readonly log: () => string
  /** Asks the server to end, and waits until it has. Gives its exit code. */
  readonly stop: () => Promise<number | null>
}

/** Runs `duologue serve` as a program of its own, and waits until it listens. Throws with its last words if it ends. */
export async function startServer(
  main: string,
  flags: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<RunningServer> {
  const child = spawn(process.execPath, [main, 'serve', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  })
  const ended = Promise.withResolvers<number | null>()
  const listening = Promise.withResolvers<string>()
  let [printed, log] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    const url = /listens on (\S+)/.exec(printed)?.[1]
    if (url !== undefined) listening.resolve(url)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  child.once('close', code => {
    listening.reject(new Error(`duologue serve ended with ${code} before it listened:\n${log}`))
    ended.resolve(code)
  })
  const url = await listening.promise
  return {
    url,
    processId: child.pid ?? 0,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM')
      return ended.promise
    },
  }
}
