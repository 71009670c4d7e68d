import { canonicalJson } from '../api/canonical.ts'
import type {
  LabelSelector,
  LabelSelectorRequirement,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../api/generated/types.ts'
import { type Labels, matchesSelector } from '../api/selectors.ts'

/** What of a pod others can wish to be near or far from. Pods of one kind are counted together. */
export interface Kind {
  readonly namespace: string
  readonly labels: Labels
  readonly deleting: boolean
}

/** The labels of a namespace, kubernetes.io/metadata.name among them. */
export type NamespaceLabels = (namespace: string) => Labels

/** A wish about other pods, with all that follows from whose wish it is. */
export interface Term {
  /** Equal for terms that mean the same. */
  readonly text: string
  readonly topologyKey: string
  readonly matches: (kind: Kind) => boolean
}

/** Source: framework.newAffinityTerm in kube-scheduler, with the label keys that the API server merges in. */
export function affinityTerm(term: PodAffinityTerm, of: Kind, labelsOf: NamespaceLabels): Term {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [], namespaces, namespaceSelector } = term
  const selector = withKeys(labelSelector, of.labels, matchLabelKeys, mismatchLabelKeys)
  const own = (namespaces ?? []).length === 0 && namespaceSelector === undefined
  const named = new Set(own ? [of.namespace] : namespaces)
  return {
    text: canonicalJson([selector, [...named].toSorted(), namespaceSelector, term.topologyKey]),
    topologyKey: term.topologyKey,
    matches: ({ labels, namespace }) =>
      (named.has(namespace) ||
        (namespaceSelector !== undefined && matchesSelector(namespaceSelector, labelsOf(namespace)))) &&
      matchesSelector(selector, labels),
  }
}

/** Pods that are going are not counted: nobody is spread away from them. */
export function spreadTerm(constraint: TopologySpreadConstraint, of: Kind): Term {
  const { labelSelector, matchLabelKeys = [], topologyKey } = constraint
  const selector = withKeys(labelSelector, of.labels, matchLabelKeys, [])
  return {
    text: canonicalJson([selector, of.namespace, topologyKey, 'spread']),
    topologyKey,
    matches: ({ deleting, labels, namespace }) =>
      !deleting && namespace === of.namespace && matchesSelector(selector, labels),
  }
}

/** A key that the pod does not have says nothing. */
function withKeys(
  selector: LabelSelector | undefined,
  labels: Labels,
  same: readonly string[],
  different: readonly string[],
): LabelSelector | undefined {
  if (selector === undefined || (same.length === 0 && different.length === 0)) return selector
  const more = (keys: readonly string[], operator: 'In' | 'NotIn'): LabelSelectorRequirement[] =>
    keys.flatMap((key) => (labels[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }]))
  const matchExpressions = [
    ...(selector.matchExpressions ?? []),
    ...more(same, 'In'),
    ...more(different, 'NotIn'),
  ]
  return { ...selector, matchExpressions }
}
