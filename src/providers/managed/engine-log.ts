import type { Secret } from '../../core/secret.ts'
import { scrub } from '../failures.ts'

const mostLines = 200
const lastLines = 10

/** The last lines that an engine wrote, without the secrets of its owner. */
export class EngineLog {
  readonly #secrets: readonly Secret[]
  readonly #lines: string[] = []

  constructor(secrets: readonly Secret[]) {
    this.#secrets = secrets
  }

  /** Keeps a line, and gives it as it may be told. */
  add(line: string): string {
    const told = scrub(line, this.#secrets)
    this.#lines.push(told)
    if (this.#lines.length > mostLines) this.#lines.shift()
    return told
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  get lastWords(): string {
    return this.#lines.slice(-lastLines).join('\n')
  }
}
