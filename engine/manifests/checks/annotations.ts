import { parseQuantity } from '../../api/quantity.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { didYouMean } from '../suggestions.ts'

type Texts = Readonly<Record<string, string>>

const PREFIX = 'reconcile.dev/'

/** What one of our annotations may say; the sentence when it says something else. */
type Rule = (value: string) => string | undefined

const truth: Rule = (value) =>
  value === 'true' || value === 'false'
    ? undefined
    : `must be "true" or "false", not ${JSON.stringify(value)}`

/** Of bits a second; the bounds of the official bandwidth plugin. */
const bandwidth: Rule = (value) => {
  const bits = parseQuantity(value)
  if (bits === undefined) return `${JSON.stringify(value)} is no quantity of bits a second`
  if (bits < 1e3) return 'is unreasonably small (< 1k bits a second)'
  return bits > 1e15 ? 'is unreasonably large (> 1P bits a second)' : undefined
}

const weight: Rule = (value) =>
  /^[0-9]+$/.test(value) && Number(value) >= 10 && Number(value) <= 1000
    ? undefined
    : `must be a weight between 10 and 1000, not ${JSON.stringify(value)}`

const perSecond: Rule = (value) => {
  const amount = parseQuantity(value)
  return amount !== undefined && amount > 0
    ? undefined
    : `${JSON.stringify(value)} is no amount a second, such as 10Mi`
}

const OF_OBJECTS: Readonly<Record<string, Rule>> = { 'reconcile.dev/replace': truth }

const OF_PODS: Readonly<Record<string, Rule>> = {
  'kubernetes.io/egress-bandwidth': bandwidth,
  'kubernetes.io/ingress-bandwidth': bandwidth,
  'reconcile.dev/blkio-read-bps': perSecond,
  'reconcile.dev/blkio-read-iops': perSecond,
  'reconcile.dev/blkio-weight': weight,
  'reconcile.dev/blkio-write-bps': perSecond,
  'reconcile.dev/blkio-write-iops': perSecond,
  'reconcile.dev/restart-on-config-change': truth,
}

export function checkObjectAnnotations(
  context: CheckContext,
  path: Path,
  annotations: Texts | undefined,
): void {
  check(context, path, annotations, OF_OBJECTS)
}

/** Of a pod template. */
export function checkPodAnnotations(context: CheckContext, path: Path, annotations: Texts | undefined): void {
  check(context, path, annotations, OF_PODS)
}

/** A Pod is both. */
export function checkBareAnnotations(
  context: CheckContext,
  path: Path,
  annotations: Texts | undefined,
): void {
  check(context, path, annotations, { ...OF_OBJECTS, ...OF_PODS })
}

function check(
  context: CheckContext,
  path: Path,
  annotations: Texts | undefined,
  rules: Readonly<Record<string, Rule>>,
): void {
  if (annotations === undefined || !context.sound(path)) return
  for (const [key, value] of Object.entries(annotations)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined
    const problem = rule?.(value)
    if (problem !== undefined) context.error([...path, key], problem)
    else if (rule === undefined && key.startsWith(PREFIX)) unknown(context, [...path, key], key, rules)
  }
}

function unknown(
  context: CheckContext,
  path: Path,
  key: string,
  rules: Readonly<Record<string, Rule>>,
): void {
  const elsewhere = Object.hasOwn(OF_PODS, key)
    ? 'belongs to pods: write it into the pod template'
    : undefined
  const { suggestion } = didYouMean(key, Object.keys(rules))
  context.error(path, `there is no annotation ${key} here`, elsewhere ?? suggestion)
}
