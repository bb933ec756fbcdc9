import { startProcess } from './processes.ts'
import type { RunningProcess, StartOptions } from './processes.ts'

/** What a terminal sends when its user presses Ctrl-C or Ctrl-D. */
export const keys = { interrupt: '\u0003', endOfInput: '\u0004', enter: '\r' } as const

// Python has pseudo-terminals and Node has none. The process's exit status is passed on.
const harness = `
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])) % 256)
`

/**
 * Starts a process on a terminal of 100 columns. What is written to it is typed by its user, and `out` is everything
 * that reaches the screen, with the movements of the cursor.
 */
export function startOnTerminal(words: readonly [string, ...string[]], options: StartOptions = {}): RunningProcess {
  const sized = ['sh', '-c', 'stty cols 100 rows 40 && exec "$@"', 'sh', ...words]
  const environment = { TERM: 'xterm-256color', ...options.environment }
  return startProcess(['python3', '-c', harness, ...sized], { ...options, environment, isTalkedTo: true })
}
