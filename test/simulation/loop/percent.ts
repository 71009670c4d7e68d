/** Kubernetes rounds maxUnavailable down and maxSurge up. */
export function intOrPercent(value: number | string, of: number, rounding: 'down' | 'up' = 'down'): number {
  if (typeof value === 'number') return value
  const exact = (Number.parseInt(value, 10) * of) / 100
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact)
}
