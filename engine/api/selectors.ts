import type { LabelSelector, LabelSelectorRequirement } from './generated/types.ts'

export type Labels = Readonly<Record<string, string>>

/** An absent selector matches nothing, an empty one matches everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false
  const present = labels ?? {}
  return (
    matchesLabels(selector.matchLabels ?? {}, present) &&
    (selector.matchExpressions ?? []).every((requirement) => matchesRequirement(requirement, present))
  )
}

/** Every wanted label is there with its value: a Service's selector, a nodeSelector. */
export function matchesLabels(wanted: Labels, labels: Labels): boolean {
  for (const key in wanted) {
    if (labels[key] !== wanted[key]) return false
  }
  return true
}

function matchesRequirement(requirement: LabelSelectorRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && (requirement.values ?? []).includes(value)
    // A label that is not there is not in the list either: Kubernetes' semantics.
    case 'NotIn':
      return value === undefined || !(requirement.values ?? []).includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return requirement.operator satisfies never
  }
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
  )
}
