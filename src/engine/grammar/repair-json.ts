import { JsonTokens } from './json-tokens.ts'

const mostCharacters = 4_000_000
const mostDepth = 200

/**
 * Makes JSON of what a model meant as an object or an array: fences and talk around it go, what was left open is closed,
 * and what Python or JavaScript would understand is put in JSON's words.
 * What is JSON already is given back as it is. Gives nothing where no object or array can be made out.
 */
export function repairJson(text: string): string | undefined {
  if (isJson(text)) return text
  if (text.length > mostCharacters) return undefined
  const start = findStart(text)
  if (start === undefined) return undefined
  const repaired = new Repair(text, start).run()
  return repaired !== undefined && isJson(repaired) ? repaired : undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/* Where the first bracket is; after the fence where there is one, as talk before it may have brackets too. */
function findStart(text: string): number | undefined {
  const fence = /```[a-z0-9]*\s/i.exec(text)
  const fenced = fence ? text.slice(fence.index + fence[0].length).search(/[[{]/) : -1
  if (fence && fenced >= 0) return fence.index + fence[0].length + fenced
  const bracket = text.search(/[[{]/)
  return bracket < 0 ? undefined : bracket
}

interface Open {
  readonly close: '}' | ']'
  count: number
  /** In an object, the key whose value has not come yet, as JSON. */
  key?: string | undefined
  hasColon: boolean
}

class Repair {
  readonly #tokens: JsonTokens
  readonly #written: string[] = []
  readonly #open: Open[] = []
  #hasDropped = false

  constructor(text: string, start: number) {
    this.#tokens = new JsonTokens(text, start)
  }

  run(): string | undefined {
    this.#push(this.#tokens.take() === '{' ? '}' : ']')
    for (let open = this.#open.at(-1); open; open = this.#open.at(-1)) {
      if (this.#open.length > mostDepth) return undefined
      const char = this.#tokens.peek()
      if (char === '') this.#closeTo(0)
      else if (char === '}' || char === ']') this.#close(char)
      else if (open.close === '}') this.#inObject(open, char)
      else this.#inArray(char)
    }
    // Nothing but what had to be dropped: an empty object is not what was meant.
    return this.#hasDropped && this.#written.length === 2 ? undefined : this.#written.join('')
  }

  #inArray(char: string): void {
    if (char === ',' || char === ':') this.#tokens.take()
    else this.#value(char)
  }

  #inObject(open: Open, char: string): void {
    if (char === ':' || char === '=') {
      this.#tokens.take()
      open.hasColon = true
    } else if (char === ',') {
      this.#tokens.take()
      if (open.key !== undefined) this.#write('null')
    } else if (open.key === undefined) this.#key(open, char)
    else this.#value(char)
  }

  #key(open: Open, char: string): void {
    open.hasColon = false
    // A bracket where a key should be says nothing; it is passed over.
    if (char === '{' || char === '[') this.#tokens.take()
    else open.key = this.#tokens.key()
    if (open.key === undefined) this.#hasDropped = true
  }

  #value(char: string): void {
    if (char !== '{' && char !== '[') return this.#write(this.#tokens.value())
    this.#tokens.take()
    this.#push(char === '{' ? '}' : ']')
  }

  #push(close: '}' | ']'): void {
    if (this.#open.length > 0) this.#write('')
    this.#written.push(close === '}' ? '{' : '[')
    this.#open.push({ close, count: 0, hasColon: false })
  }

  /* Writes a value, or what comes before it where `json` is empty. */
  #write(json: string): void {
    const open = this.#open.at(-1)
    if (!open) return
    this.#written.push(open.count > 0 ? ', ' : '', open.key === undefined ? '' : `${open.key}: `, json)
    open.count += 1
    open.key = undefined
  }

  /* A bracket that closes something further out closes all within; one that closes nothing is passed over. */
  #close(char: '}' | ']'): void {
    this.#tokens.take()
    const index = this.#open.findLastIndex(open => open.close === char)
    if (index < 0) return
    const inner = this.#open.at(-1)
    if (inner?.key !== undefined && inner.hasColon) this.#write('null')
    this.#closeTo(index)
  }

  /* A key that the text breaks off after is dropped: nobody knows its value. */
  #closeTo(depth: number): void {
    while (this.#open.length > depth) {
      const open = this.#open.pop()
      if (open?.key !== undefined) this.#hasDropped = true
      this.#written.push(open?.close ?? '')
    }
  }
}
