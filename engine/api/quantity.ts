import type { Quantity } from './generated/types.ts'

/**
 * Kubernetes' numbers with a suffix: `500m`, `1.5`, `64Mi`, `1e3`.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
const FORM = /^([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)$/

/** What most people write is canonical already. */
const CANONICAL = /^[1-9][0-9]{0,2}(?:|[numkMGTP]|[KMGTP]i)$/

/** A number of this many digits is a slip or an attack; the largest quantity, 2^63 - 1, has 19. */
const DIGITS_MAX = 64

/** Beyond these powers of ten a quantity is at its bounds, whatever its digits: 2^63 - 1 above, one nano-unit below. */
const EXPONENT_MAX = 100

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const DECIMAL = new Map<string, number>([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const SUFFIXES = new Map([...DECIMAL].map(([suffix, power]) => [power, suffix]))

const NANO = 1_000_000_000n
const LARGEST = (2n ** 63n - 1n) * NANO

interface Parsed {
  /** Kubernetes keeps nothing below a nano-unit; it rounds away from zero. */
  readonly nanos: bigint
  readonly form: 'binary' | 'decimal' | 'exponent'
}

/** The value in units (cores, bytes, ...); undefined when it is no quantity. Exact up to what a number can hold. */
export function parseQuantity(quantity: Quantity): number | undefined {
  const parsed = parse(quantity)
  return parsed === undefined ? undefined : units(parsed.nanos)
}

/** Thousandths of a core, rounded up. Throws on what is no quantity: manifests are validated before. */
export function cpuMillis(quantity: Quantity): number {
  return Number(divideUp(parsed(quantity).nanos, 1_000_000n))
}

/** Bytes, rounded up. Throws on what is no quantity: manifests are validated before. */
export function byteCount(quantity: Quantity): number {
  return Number(divideUp(parsed(quantity).nanos, NANO))
}

/** As the API server writes it back: `0.5` is `500m`, `1024Mi` is `1Gi`; what is no quantity stays as it is. */
export function canonicalQuantity(quantity: Quantity): string {
  if (typeof quantity === 'string' && CANONICAL.test(quantity)) return quantity
  const value = parse(quantity)
  if (value === undefined) return String(quantity)
  const small = value.nanos > -1024n * NANO && value.nanos < 1024n * NANO
  if (value.form === 'binary' && !small) return binaryText(divideUp(value.nanos, NANO))
  return decimalText(value.nanos, value.form === 'exponent')
}

export function compareQuantities(a: Quantity, b: Quantity): number {
  const difference = parsed(a).nanos - parsed(b).nanos
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** In canonical form. Throws on what is no quantity. */
export function sumQuantities(quantities: readonly Quantity[]): string {
  const values = quantities.map(parsed)
  const nanos = values.reduce((sum, value) => sum + value.nanos, 0n)
  const binary = values.length > 0 && values.every(({ form }) => form === 'binary')
  return binary ? canonicalQuantity(`${binaryText(divideUp(nanos, NANO))}`) : decimalText(nanos, false)
}

function parsed(quantity: Quantity): Parsed {
  const value = parse(quantity)
  if (value === undefined) throw new RangeError(`${JSON.stringify(quantity)} is no quantity`)
  return value
}

function parse(quantity: Quantity): Parsed | undefined {
  const text = String(quantity)
  if (text.length > DIGITS_MAX) return undefined
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, sign = '', digits = '', suffix = ''] = match
  const [whole = '', fraction = ''] = digits.split('.')
  const mantissa = BigInt(whole + fraction)
  const magnitude = bounded(scaled(mantissa, fraction.length, suffix))
  return { nanos: sign === '-' ? -magnitude : magnitude, form: formOf(suffix) }
}

function formOf(suffix: string): Parsed['form'] {
  if (suffix.endsWith('i')) return 'binary'
  return suffix.length > 1 ? 'exponent' : 'decimal'
}

function scaled(mantissa: bigint, fractionDigits: number, suffix: string): bigint {
  if (mantissa === 0n) return 0n
  const binary = suffix === '' ? -1 : BINARY.indexOf(suffix)
  if (binary > 0) return timesTen(mantissa * 1024n ** BigInt(binary), 9 - fractionDigits)
  const power = DECIMAL.get(suffix) ?? Number(suffix.slice(1))
  return timesTen(mantissa, 9 + power - fractionDigits)
}

function timesTen(value: bigint, power: number): bigint {
  if (power > EXPONENT_MAX) return LARGEST
  if (power < -EXPONENT_MAX) return 1n
  return power >= 0 ? value * 10n ** BigInt(power) : divideUp(value, 10n ** BigInt(-power))
}

function bounded(magnitude: bigint): bigint {
  return magnitude > LARGEST ? LARGEST : magnitude
}

function divideUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value > 0n && value % divisor !== 0n ? quotient + 1n : quotient
}

function units(nanos: bigint): number {
  return nanos % NANO === 0n ? Number(nanos / NANO) : Number(nanos) / 1e9
}

function binaryText(value: bigint): string {
  let rest = value
  let suffix = 0
  while (rest % 1024n === 0n && rest !== 0n && suffix < BINARY.length - 1) {
    rest /= 1024n
    suffix += 1
  }
  return `${rest}${BINARY[suffix] ?? ''}`
}

function decimalText(nanos: bigint, exponent: boolean): string {
  let rest = nanos
  let power = -9
  while (rest % 1000n === 0n && rest !== 0n && power < 18) {
    rest /= 1000n
    power += 3
  }
  if (rest === 0n) return '0'
  if (exponent) return power === 0 ? `${rest}` : `${rest}e${power}`
  return `${rest}${SUFFIXES.get(power) ?? ''}`
}
