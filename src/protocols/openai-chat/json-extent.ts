/** Follows JSON text as it arrives and knows when its first object or array has closed. It does not check the rest. */
export class JsonExtent {
  #depth = 0
  #hasBegun = false
  #isInString = false
  #isEscaped = false

  get isComplete(): boolean {
    return this.#hasBegun && this.#depth === 0
  }

  read(json: string): void {
    for (let at = 0; at < json.length; at++) {
      const unit = json.charCodeAt(at)
      if (this.#isInString) this.#readInString(unit)
      else this.#readOutside(unit)
    }
  }

  #readInString(unit: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (unit === backslash) this.#isEscaped = true
    else if (unit === quote) this.#isInString = false
  }

  #readOutside(unit: number): void {
    if (unit === quote) {
      this.#isInString = true
    } else if (unit === openBrace || unit === openBracket) {
      this.#depth += 1
      this.#hasBegun = true
    } else if (unit === closeBrace || unit === closeBracket) {
      this.#depth -= 1
    }
  }
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
