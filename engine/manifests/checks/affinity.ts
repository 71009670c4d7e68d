import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from './names.ts'
import { checkMatchLabelKeys, checkSelector } from './selectors.ts'

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/

export function checkAffinity(context: CheckContext, path: Path, affinity: Affinity): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity
  if (nodeAffinity !== undefined) checkNodeAffinity(context, [...path, 'nodeAffinity'], nodeAffinity)
  if (podAffinity !== undefined) checkPodAffinity(context, [...path, 'podAffinity'], podAffinity)
  if (podAntiAffinity !== undefined) checkPodAffinity(context, [...path, 'podAntiAffinity'], podAntiAffinity)
}

function checkNodeAffinity(context: CheckContext, path: Path, affinity: NodeAffinity): void {
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution
  if (required !== undefined)
    checkNodeSelector(context, [...path, 'requiredDuringSchedulingIgnoredDuringExecution'], required)
  const field = 'preferredDuringSchedulingIgnoredDuringExecution'
  for (const [index, { preference }] of (affinity[field] ?? []).entries()) {
    checkNodeTerm(context, [...path, field, index, 'preference'], preference)
  }
}

export function checkNodeSelector(context: CheckContext, path: Path, selector: NodeSelector): void {
  for (const [index, term] of selector.nodeSelectorTerms.entries())
    checkNodeTerm(context, [...path, 'nodeSelectorTerms', index], term)
}

function checkNodeTerm(context: CheckContext, path: Path, term: NodeSelectorTerm): void {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries()) {
    checkNodeLabels(context, [...path, 'matchExpressions', index], requirement)
  }
  for (const [index, requirement] of (term.matchFields ?? []).entries()) {
    checkNodeFields(context, [...path, 'matchFields', index], requirement)
  }
}

function checkNodeLabels(context: CheckContext, path: Path, requirement: NodeSelectorRequirement): void {
  const { key, operator, values = [] } = requirement
  const rule = qualifiedName(key)
  if (rule !== undefined) context.error([...path, 'key'], `${JSON.stringify(key)} ${rule}`)
  const at = [...path, 'values']
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) context.error(at, `must be given when operator is ${operator}`)
      for (const [index, value] of values.entries()) {
        const ofValue = labelValue(value)
        if (ofValue !== undefined) context.error([...at, index], `${JSON.stringify(value)} ${ofValue}`)
      }
      return
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) context.error(at, `may not be given when operator is ${operator}`)
      return
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) context.error(at, `must have exactly one value when operator is ${operator}`)
      else if (!INTEGER.test(values[0] ?? ''))
        context.error([...at, 0], `must be a whole number when operator is ${operator}`)
      return
    default:
      operator satisfies never
  }
}

/** A node has one field that can be asked for: its name. */
function checkNodeFields(context: CheckContext, path: Path, requirement: NodeSelectorRequirement): void {
  const { key, operator, values = [] } = requirement
  if (key !== 'metadata.name') {
    context.error(
      [...path, 'key'],
      `${JSON.stringify(key)} is no field to select by: it must be metadata.name`,
    )
  }
  if (operator !== 'In' && operator !== 'NotIn') {
    context.error([...path, 'operator'], `must be In or NotIn for a field, not ${operator}`)
  } else if (values.length !== 1) {
    context.error([...path, 'values'], `must have exactly one value for a field when operator is ${operator}`)
  }
  for (const [index, value] of values.entries()) {
    const rule = dnsSubdomain(value)
    if (rule !== undefined) context.error([...path, 'values', index], `${JSON.stringify(value)} ${rule}`)
  }
}

function checkPodAffinity(context: CheckContext, path: Path, affinity: PodAffinity): void {
  const required = 'requiredDuringSchedulingIgnoredDuringExecution'
  for (const [index, term] of (affinity[required] ?? []).entries()) {
    checkPodTerm(context, [...path, required, index], term)
  }
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
  for (const [index, { podAffinityTerm }] of (affinity[preferred] ?? []).entries()) {
    checkPodTerm(context, [...path, preferred, index, 'podAffinityTerm'], podAffinityTerm)
  }
}

function checkPodTerm(context: CheckContext, path: Path, term: PodAffinityTerm): void {
  const { labelSelector, matchLabelKeys, mismatchLabelKeys, namespaceSelector, namespaces = [] } = term
  if (labelSelector !== undefined) checkSelector(context, [...path, 'labelSelector'], labelSelector)
  if (namespaceSelector !== undefined)
    checkSelector(context, [...path, 'namespaceSelector'], namespaceSelector)
  for (const [index, namespace] of namespaces.entries()) {
    const rule = dnsLabel(namespace)
    if (rule !== undefined)
      context.error([...path, 'namespaces', index], `${JSON.stringify(namespace)} ${rule}`)
  }
  checkTopologyKey(context, [...path, 'topologyKey'], term.topologyKey)
  checkMatchLabelKeys(context, [...path, 'matchLabelKeys'], matchLabelKeys, labelSelector)
  checkMatchLabelKeys(context, [...path, 'mismatchLabelKeys'], mismatchLabelKeys, labelSelector)
  for (const [index, key] of (mismatchLabelKeys ?? []).entries()) {
    if (matchLabelKeys?.includes(key) === true)
      context.error([...path, 'mismatchLabelKeys', index], `the key ${key} is in matchLabelKeys too`)
  }
}

export function checkTopologyKey(context: CheckContext, path: Path, key: string): void {
  const rule = key === '' ? 'must not be empty' : qualifiedName(key)
  if (rule !== undefined) context.error(path, key === '' ? rule : `${JSON.stringify(key)} ${rule}`)
}
