/** A text that nobody sees by accident: printed, logged or made JSON it is its name and a hash. */
export class Sealed {
  /** Two of the same hash hold the same text. */
  readonly hash: string
  readonly #text: string

  constructor(text: string, hash: string) {
    this.#text = text
    this.hash = hash
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return `sealed:${this.hash}`
  }

  toJSON(): string {
    return this.toString()
  }
}
