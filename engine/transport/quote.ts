/** Letters that no shell takes for anything but themselves, wherever they stand. */
const PLAIN = /^[\w@%+=:,./-]+$/

/**
 * The words as one line that a POSIX shell takes apart into the same words again, byte for byte. A word cannot hold a NUL: no
 * program could be given it.
 */
export function quote(words: readonly string[]): string {
  return words.map(quoted).join(' ')
}

function quoted(word: string): string {
  if (word.includes('\0')) throw new Error(`quoting ${JSON.stringify(word)}: a word cannot hold a NUL`)
  // NAME=value in front of a command would be a variable.
  if (PLAIN.test(word) && !word.includes('=')) return word
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}
