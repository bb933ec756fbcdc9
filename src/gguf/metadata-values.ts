import type { GgufArray, GgufMetadata, ScalarType } from './gguf-file.ts'
import { damaged, grouped, quoted } from './refusal.ts'

/** The metadata of one file, asked for by key. A value of the wrong kind is refused; an absent one is `undefined`. */
export class MetadataValues {
  readonly path: string
  readonly #metadata: GgufMetadata

  constructor(path: string, metadata: GgufMetadata) {
    this.path = path
    this.#metadata = metadata
  }

  has(key: string): boolean {
    return this.#metadata.has(key)
  }

  text(key: string): string | undefined {
    const entry = this.#metadata.get(key)
    if (!entry) return undefined
    if (entry.type !== 'string') throw damaged(this.path, `${quoted(key)} must be a text`)
    return String(entry.value)
  }

  flag(key: string): boolean | undefined {
    const entry = this.#metadata.get(key)
    if (!entry) return undefined
    if (entry.type !== 'bool') throw damaged(this.path, `${quoted(key)} must be true or false`)
    return entry.value === true
  }

  /** Gives a whole number from `least` to `most`. */
  integer(key: string, [least, most]: readonly [least: number, most: number]): number | undefined {
    const entry = this.#metadata.get(key)
    if (!entry) return undefined
    if (entry.type === 'array') throw damaged(this.path, `${quoted(key)} must be one number, not a list`)
    return this.#within(key, entry.value, [least, most])
  }

  /** Refuses a value that is not a finite number from zero up: native code ends the process over it. */
  requirePositive(key: string): void {
    const entry = this.#metadata.get(key)
    if (!entry) return
    const isPositive = entry.type === 'f32' && Number.isFinite(entry.value) && Number(entry.value) >= 0
    if (!isPositive) throw damaged(this.path, `${quoted(key)} must be a number from zero up`)
  }

  /** Gives a number for each layer, where the file tells one for all or one for each. */
  perLayer(key: string, layers: number, range: readonly [number, number]): readonly number[] | undefined {
    const entry = this.#metadata.get(key)
    if (!entry) return undefined
    if (entry.type !== 'array') return Array<number>(layers).fill(this.#within(key, entry.value, range))
    if (entry.length !== layers || !entry.values) {
      throw damaged(this.path, `${quoted(key)} tells ${grouped(entry.length)} layers, and the model has ${layers}`)
    }
    return entry.values.map(value => this.#within(key, value, range))
  }

  /** Gives a list whose elements are of one of the given types. */
  list(key: string, types: readonly ScalarType[]): GgufArray | undefined {
    const entry = this.#metadata.get(key)
    if (!entry) return undefined
    if (entry.type === 'array' && types.includes(entry.of)) return entry
    throw damaged(this.path, `${quoted(key)} must be a list of type ${types.join(' or ')}`)
  }

  #within(key: string, value: unknown, [least, most]: readonly [number, number]): number {
    const isWithin = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    if (isWithin) return value
    const range = `a whole number from ${grouped(least)} to ${grouped(most)}`
    throw damaged(this.path, `${quoted(key)} must be ${range}, and it is ${quoted(String(value))}`)
  }
}
