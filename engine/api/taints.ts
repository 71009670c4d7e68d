import type { Taint, Toleration } from './generated/types.ts'

/** Kubernetes' own taint of a node that takes no new pods (spec.unschedulable). */
export const UNSCHEDULABLE_TAINT: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** `key=value:effect`, as kubectl writes it; one without a value is `key:effect`. */
export function taintText({ effect, key, value }: Taint): string {
  return `${key}${value ? `=${value}` : ''}:${effect}`
}

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/

/** Source: ToleratesTaint in k8s.io/component-helpers. An empty key with Exists tolerates every taint, an empty effect every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { effect = '', key = '', operator = 'Equal', value = '' } = toleration
  if (effect !== '' && effect !== taint.effect) return false
  if (key !== '' && key !== taint.key) return false
  switch (operator) {
    case 'Exists':
      return true
    case 'Equal':
      return key !== '' && value === (taint.value ?? '')
    case 'Lt':
      return compareIntegers(taint.value, value, (mark, bound) => mark < bound)
    case 'Gt':
      return compareIntegers(taint.value, value, (mark, bound) => mark > bound)
    default:
      return operator satisfies never
  }
}

/** The taint's value against the toleration's; what is no integer compares with nothing. */
export function compareIntegers(
  left: string | undefined,
  right: string | undefined,
  holds: (left: bigint, right: bigint) => boolean,
): boolean {
  if (left === undefined || right === undefined || !INTEGER.test(left) || !INTEGER.test(right)) return false
  return holds(BigInt(left), BigInt(right))
}

export function isTolerated(tolerations: readonly Toleration[], taint: Taint): boolean {
  for (const toleration of tolerations) if (tolerates(toleration, taint)) return true
  return false
}

/** The first taint with one of these effects that nothing tolerates. */
export function untoleratedTaint(
  tolerations: readonly Toleration[],
  taints: readonly Taint[],
  effects: ReadonlySet<Taint['effect']>,
): Taint | undefined {
  return taints.find((taint) => effects.has(taint.effect) && !isTolerated(tolerations, taint))
}

/** What keeps new pods away. */
export const KEEPS_AWAY: ReadonlySet<Taint['effect']> = new Set(['NoSchedule', 'NoExecute'])
/** What makes pods leave, too. */
export const DRIVES_OUT: ReadonlySet<Taint['effect']> = new Set(['NoExecute'])

/**
 * How long a pod may stay on a node with these taints, in seconds from the taint's coming; infinite: for good. 0 when one of them is not
 * tolerated. Of several tolerations of one taint the shortest counts, as in Kubernetes' taint eviction controller.
 */
export function staySeconds(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  let stay = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    if (!DRIVES_OUT.has(taint.effect)) continue
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint))
    if (matching.length === 0) return 0
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds !== undefined) stay = Math.min(stay, Math.max(0, tolerationSeconds))
    }
  }
  return stay
}
