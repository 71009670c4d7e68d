/** Text in columns, as kubectl prints it: three spaces between, nothing at the ends of lines. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd(),
  )
}

/** A table with its heading; without rows there is none. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${columns([heading, ...rows]).join('\n')}\n`
}

/** What came from a container or a manifest, without the control characters that could steer the terminal. */
export function plainText(text: string): string {
  return text.replaceAll(/(?![\t\n])\p{Cc}/gu, '\ufffd')
}
