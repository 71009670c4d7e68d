/** `240 ms`, `12.3 s`, `3m20s`, `2h5m` */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}m${seconds % 60}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m`
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

export function milliseconds(from: string, to: string): number {
  return Temporal.Instant.from(to).epochMilliseconds - Temporal.Instant.from(from).epochMilliseconds
}

/** In one line, and not too long for one. */
export function oneLine(text: string, most = 300): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' / ')
  return line.length <= most ? line : `${line.slice(0, most - 4)} ...`
}

/** The first of many, and how many more there are. */
export function firstOf(all: readonly string[], most: number, between = ', '): string {
  const more = all.length - most
  return [...all.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join(between)
}
