import { childrenOf, startProcess } from './processes.ts'
import type { RunningProcess, StartOptions } from './processes.ts'

/** `duologue serve` as a process that listens. */
export interface Served {
  readonly url: string
  readonly port: number
  readonly process: RunningProcess
  /** The one process that the server has started for its loaded model. */
  readonly engineProcess: () => Promise<number>
}

/** Starts `duologue serve` on a free port and waits until it listens, with its model loaded where one is named. */
export async function serve(main: string, flags: readonly string[], options: StartOptions = {}): Promise<Served> {
  return listening(startProcess([process.execPath, main, 'serve', '--port', '0', ...flags], options))
}

/** Waits until a process says where it listens. */
export async function listening(process: RunningProcess): Promise<Served> {
  const [, url = '', port = ''] = await process.until(/listens on (http:\S+:(\d+))/)
  return {
    url,
    port: Number(port),
    process,
    engineProcess: async () => {
      const [engine, ...others] = await childrenOf(process.processId)
      if (engine === undefined || others.length > 0)
        throw new Error(`${others.length} other processes beside the engine`)
      return engine
    },
  }
}
