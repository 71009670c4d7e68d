import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quote } from '../../engine/transport/quote.ts'

/** What a real shell makes of the line: its words, each ended by a NUL. The line is bytes, as a file's name may be. */
function wordsOf(line: Buffer): readonly Buffer[] {
  const input = Buffer.concat([Buffer.from("printf '%s\\0' "), line, Buffer.from('\n')])
  const output = execFileSync('sh', { input })
  const words: Buffer[] = []
  for (let from = 0; from < output.length; ) {
    const end = output.indexOf(0, from)
    words.push(output.subarray(from, end))
    from = end + 1
  }
  return words
}

/** Bytes as letters and back: `latin1` has one letter for each. */
function throughShell(words: readonly Buffer[]): readonly Buffer[] {
  return wordsOf(Buffer.from(quote(words.map((word) => word.toString('latin1'))), 'latin1'))
}

test('each byte but NUL arrives as it is, alone, among letters and in all pairs with what means something to a shell', () => {
  const bytes = Array.from({ length: 255 }, (_, index) => index + 1)
  const special = Buffer.from('\'"\\$`!*?[]{}()<>|&;#~=%^ \t\n\r-')
  const words = bytes.flatMap((byte) => [
    Buffer.from([byte]),
    Buffer.from([97, byte, 98]),
    ...[...special].map((other) => Buffer.from([byte, other])),
  ])
  expect(throughShell(words)).toEqual(words)
})

test('any words arrive as they are', () => {
  const bytes = fc.uint8Array({ min: 1, max: 255, maxLength: 40 }).map((word) => Buffer.from(word))
  const nasty = fc
    .constantFrom('', '-n', '--', '$(id)', '`id`', "'", "''", 'a=b', '~', '!!', '\\', '\n', 'ü€😀')
    .map((word) => Buffer.from(word))
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, nasty), { minLength: 1, maxLength: 12 }), (words) => {
      expect(throughShell(words)).toEqual(words)
    }),
    { numRuns: 50 },
  )
})

test('a word that looks like a variable is a word', () => {
  expect(quote(['A=b', 'env'])).toBe("'A=b' env")
})

test('a NUL is refused, for it would end the word', () => {
  expect(() => quote(['a\0b'])).toThrow('cannot hold a NUL')
})
