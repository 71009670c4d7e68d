const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `5m`, `1h30m`; a bare number is seconds. Undefined for anything else. */
export function parseDurationMs(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined
  let sum = 0
  for (const [, number = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    sum += Number(number) * (UNITS[unit] ?? 0)
  }
  return Math.round(sum)
}

/** As kubectl writes ages: `45s`, `2m10s`, `12m`, `3h5m`, `2d4h`, `40d`. */
export function ageText(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  if (s < 120) return `${s}s`
  const minutes = Math.floor(s / 60)
  if (minutes < 10) return both(minutes, 'm', s % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return both(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 8 ? both(days, 'd', hours % 24, 'h') : `${days}d`
}

function both(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`
}

/** From a recorded time until now; `<unknown>` without one, as kubectl says. */
export function since(now: Temporal.Instant, at: string | undefined): string {
  if (at === undefined) return '<unknown>'
  const then = Temporal.Instant.from(at)
  return ageText((now.epochMilliseconds - then.epochMilliseconds) / 1000)
}
