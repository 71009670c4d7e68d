/** Text is sent as UTF-8. */
export type Word = string | number | Uint8Array

/** Each with its length before it, as Perl's `pack "(N/a*)*"` has it. */
export function encoded(words: readonly Word[]): Buffer {
  return Buffer.concat(
    words.flatMap((word) => {
      const bytes = typeof word === 'object' ? word : Buffer.from(String(word))
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

export function decoded(bytes: Buffer): readonly Buffer[] {
  const words: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    words.push(bytes.subarray(at + 4, end))
    at = end
  }
  return words
}
