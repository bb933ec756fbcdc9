import { pino } from 'pino'
import { escapeLetters } from '../core/escape-letters.ts'
import { hideSecrets } from './hide-secrets.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void

/** Where the server writes about itself: one JSON object a line. */
export interface Logger {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
}

/** A logger that can be told to say more or less. */
export interface AdjustableLogger extends Logger {
  level: string
}

export interface LoggerOptions {
  readonly level: LogLevel
  readonly destination: { write(line: string): unknown }
}

/** Makes a logger that hides secrets by their field's name and keeps each record on one harmless line. */
export function createLogger({ level, destination }: LoggerOptions): AdjustableLogger {
  return pino(
    {
      level,
      base: null,
      formatters: { level: label => ({ level: label }), log: hideSecrets },
    },
    { write: (line: string) => void destination.write(escapeControls(line)) },
  )
}

// JSON escapes the C0 controls. These pass it and still steer terminals, or turn one line into two or around.
const steering = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** Writes the control characters that JSON leaves alone as JSON escapes. */
export function escapeControls(line: string): string {
  return escapeLetters(line, steering)
}
