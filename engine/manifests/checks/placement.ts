import type { PodSpec, Taint, Toleration, TopologySpreadConstraint } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkAffinity, checkTopologyKey } from './affinity.ts'
import { labelValue, qualifiedName } from './names.ts'
import { checkMatchLabelKeys, checkSelector } from './selectors.ts'
import { checkUnique } from './unique.ts'

/** What the scheduler is asked for. */
export function checkPlacement(context: CheckContext, path: Path, spec: PodSpec): void {
  const affinity = [...path, 'affinity']
  if (spec.affinity !== undefined && context.sound(affinity)) checkAffinity(context, affinity, spec.affinity)
  checkTolerations(context, [...path, 'tolerations'], spec.tolerations)
  checkSpread(context, [...path, 'topologySpreadConstraints'], spec.topologySpreadConstraints)
  const gates = context.items([...path, 'schedulingGates'], spec.schedulingGates)
  checkUnique(context, gates, 'name', (gate) => gate.name)
  for (const { value, path: at } of gates) checkKey(context, [...at, 'name'], value.name)
  if (gates.length > 0 && spec.nodeName)
    context.error([...path, 'nodeName'], 'cannot be set until all schedulingGates have been cleared')
  const conditions = context.items([...path, 'readinessGates'], spec.readinessGates)
  for (const { value, path: at } of conditions)
    checkKey(context, [...at, 'conditionType'], value.conditionType)
}

function checkKey(context: CheckContext, path: Path, key: string): void {
  const rule = qualifiedName(key)
  if (rule !== undefined) context.error(path, `${JSON.stringify(key)} ${rule}`)
}

export function checkTolerations(
  context: CheckContext,
  path: Path,
  tolerations: PodSpec['tolerations'],
): void {
  for (const { value, path: at } of context.items(path, tolerations)) checkToleration(context, at, value)
}

function checkToleration(context: CheckContext, path: Path, toleration: Toleration): void {
  const { effect, key = '', operator = 'Equal', tolerationSeconds, value = '' } = toleration
  if (key !== '') checkKey(context, [...path, 'key'], key)
  else if (operator !== 'Exists') {
    const message = 'operator must be Exists when key is empty, which means "match all values and all keys"'
    context.error(operatorPath(path, toleration), message)
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    context.error([...path, 'effect'], 'effect must be NoExecute when tolerationSeconds is set')
  }
  if (operator === 'Exists') {
    if (value !== '') context.error([...path, 'value'], 'must be empty when operator is Exists')
    return
  }
  if (operator === 'Lt' || operator === 'Gt') {
    if (!/^(?:0|-?[1-9][0-9]*)$/.test(value))
      context.error([...path, 'value'], `must be a whole number when operator is ${operator}`)
    return
  }
  const rule = labelValue(value)
  if (rule !== undefined) context.error([...path, 'value'], `${JSON.stringify(value)} ${rule}`)
}

function operatorPath(path: Path, toleration: Toleration): Path {
  return toleration.operator === undefined ? path : [...path, 'operator']
}

function checkSpread(
  context: CheckContext,
  path: Path,
  constraints: readonly TopologySpreadConstraint[] | undefined,
): void {
  const items = context.items(path, constraints)
  checkUnique(
    context,
    items,
    'topologyKey',
    ({ topologyKey, whenUnsatisfiable }) => `${topologyKey} with ${whenUnsatisfiable}`,
  )
  for (const { value, path: at } of items) {
    checkTopologyKey(context, [...at, 'topologyKey'], value.topologyKey)
    if (value.minDomains !== undefined && value.whenUnsatisfiable !== 'DoNotSchedule') {
      const message = 'can only be set when whenUnsatisfiable is DoNotSchedule, not ScheduleAnyway'
      context.error([...at, 'minDomains'], message)
    }
    const { labelSelector, matchLabelKeys } = value
    if (labelSelector !== undefined) checkSelector(context, [...at, 'labelSelector'], labelSelector)
    checkMatchLabelKeys(context, [...at, 'matchLabelKeys'], matchLabelKeys, labelSelector)
  }
}

/** The taints of a Node: one for each key and effect. */
export function checkTaints(context: CheckContext, path: Path, taints: readonly Taint[] | undefined): void {
  const items = context.items(path, taints)
  checkUnique(context, items, 'key', ({ key, effect }) => `${key}:${effect}`)
  for (const { value: taint, path: at } of items) {
    checkKey(context, [...at, 'key'], taint.key)
    const rule = labelValue(taint.value ?? '')
    if (rule !== undefined) context.error([...at, 'value'], `${JSON.stringify(taint.value)} ${rule}`)
  }
}
