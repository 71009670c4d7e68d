import type { Output } from './world.ts'

/** A few lines at the end of the terminal that are drawn anew; what is printed meanwhile scrolls by above them. */
export interface Picture {
  draw(lines: readonly string[]): void
  print(text: string): void
  /** Leaves nothing of it. */
  clear(): void
}

export function createPicture(output: Output): Picture {
  let drawn = 0
  const erase = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`)
  let last: readonly string[] = []
  const paint = (before: string): void => {
    const { columns, rows } = output.size()
    const shown = last.slice(0, Math.max(1, rows - 2)).map((line) => line.slice(0, Math.max(1, columns - 1)))
    // One write, so that the terminal never shows half a picture.
    output.write(`${erase()}${before}${shown.map((line) => `${line}\n`).join('')}`)
    drawn = shown.length
  }
  return {
    draw(lines) {
      if (lines.length === last.length && lines.every((line, index) => line === last[index])) return
      last = lines
      paint('')
    },
    print: (text) => paint(text),
    clear() {
      last = []
      if (drawn > 0) paint('')
    },
  }
}
