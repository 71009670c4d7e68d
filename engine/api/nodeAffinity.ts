import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from './generated/types.ts'
import type { NodeName } from './names.ts'
import { type Labels, matchesLabels } from './selectors.ts'
import { compareIntegers } from './taints.ts'

/** What a node selector looks at. */
export interface LabelledNode {
  readonly name: NodeName
  readonly labels: Labels
}

/** `nodeSelector` and the required node affinity: both must hold. */
export function matchesNodeAffinity(spec: PodSpec, node: LabelledNode): boolean {
  if (!matchesLabels(spec.nodeSelector ?? {}, node.labels)) return false
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || matchesNodeSelector(required, node)
}

/** One term is enough; a term without conditions holds for no node. Source: component-helpers, scheduling/corev1/nodeaffinity. */
export function matchesNodeSelector({ nodeSelectorTerms }: NodeSelector, node: LabelledNode): boolean {
  return nodeSelectorTerms.some((term) => matchesNodeTerm(term, node))
}

/** All conditions must hold. */
export function matchesNodeTerm(term: NodeSelectorTerm, node: LabelledNode): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  const field = (key: string): string | undefined => (key === 'metadata.name' ? node.name : undefined)
  const label = (key: string): string | undefined =>
    Object.hasOwn(node.labels, key) ? node.labels[key] : undefined
  return (
    matchExpressions.every((requirement) => holds(requirement, label(requirement.key))) &&
    matchFields.every((requirement) => holds(requirement, field(requirement.key)))
  )
}

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return compareIntegers(value, values[0], (mark, bound) => mark > bound)
    case 'Lt':
      return compareIntegers(value, values[0], (mark, bound) => mark < bound)
    default:
      return operator satisfies never
  }
}

/**
 * The nodes that a required affinity names by `matchFields` in each of its terms, as a DaemonSet's pods do: no other needs to be looked
 * at. Undefined when any node may do.
 */
export function namedNodes(spec: PodSpec): ReadonlySet<string> | undefined {
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const names = new Set<string>()
  for (const { matchFields = [] } of terms) {
    const named = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    if (named === undefined) return undefined
    for (const name of named.values ?? []) names.add(name)
  }
  return terms.length === 0 ? undefined : names
}
