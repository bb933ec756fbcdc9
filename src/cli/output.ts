import { styleText } from 'node:util'
import { CommanderError } from 'commander'
import { ConfigError } from '../config/config.ts'
import { ModelError } from '../core/errors.ts'

/** A stream that text is written to. */
export interface TextSink {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface OutputSettings {
  readonly stdout: TextSink
  readonly stderr: TextSink
  /** Whether the user allows colours (`NO_COLOR` is unset). */
  readonly allowsColour: boolean
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/**
 * Where a command writes: what it was asked for goes to stdout, everything else to stderr, so that a pipe gets the
 * answer alone. Colours and bars are for terminals.
 */
export class Output {
  readonly #settings: OutputSettings

  constructor(settings: OutputSettings) {
    this.#settings = settings
  }

  /** Whether a bar that redraws itself can be shown. */
  get isInteractive(): boolean {
    const { stdout, stderr } = this.#settings
    return stdout.isTTY === true && stderr.isTTY === true
  }

  get columns(): number {
    // A terminal that does not know its width says zero.
    const { columns = 0 } = this.#settings.stderr
    return columns > 0 ? columns : 80
  }

  /** Writes a line of the answer. */
  print(text: string): void {
    this.#settings.stdout.write(`${text}\n`)
  }

  /** Writes a piece of the answer, as it comes. */
  write(text: string): void {
    this.#settings.stdout.write(text)
  }

  /** Writes the answer for programs. */
  printJson(value: unknown): void {
    this.print(JSON.stringify(value, undefined, 2))
  }

  /** Writes a line for the person who watches. */
  note(text: string): void {
    this.#settings.stderr.write(`${text}\n`)
  }

  /** Writes to the terminal without ending the line. */
  draw(text: string): void {
    this.#settings.stderr.write(text)
  }

  /** Says why the command failed. Only messages of our own are shown. */
  fail(error: unknown): void {
    // Commander has told its own.
    if (error instanceof CommanderError) return
    const message =
      error instanceof ModelError || error instanceof ConfigError
        ? error.message
        : 'duologue failed; run duologue doctor, or set the log level to debug'
    this.note(`${this.style('red', 'Error:', 'stderr')} ${sentence(message)}`)
  }

  /** Colours a text where its stream is a terminal. */
  style(style: Style, text: string, on: 'stdout' | 'stderr' = 'stdout'): string {
    const { allowsColour } = this.#settings
    const isColoured = allowsColour && this.#settings[on].isTTY === true
    return isColoured ? styleText(style, text, { validateStream: false }) : text
  }
}

function sentence(message: string): string {
  return /[.!?:]$/.test(message) || message.includes('\n') ? message : `${message}.`
}
