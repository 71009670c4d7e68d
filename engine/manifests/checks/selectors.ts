import type { LabelSelector, PodTemplateSpec } from '../../api/generated/types.ts'
import { isEmptySelector, matchesSelector } from '../../api/selectors.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkLabels } from './metadata.ts'
import { labelValue, qualifiedName } from './names.ts'

/** A workload's selector: not empty, and its own template's labels match it. */
export function checkWorkloadSelector(
  context: CheckContext,
  selector: LabelSelector,
  template: PodTemplateSpec | undefined,
): void {
  const path = ['spec', 'selector']
  if (!context.intact(path) || !checkSelector(context, path, selector)) return
  if (isEmptySelector(selector)) {
    context.error(path, 'an empty selector is invalid', "name the template's labels under matchLabels")
    return
  }
  const labelsPath = ['spec', 'template', 'metadata', 'labels']
  if (template === undefined || !context.intact(['spec', 'template']) || !context.intact(labelsPath)) return
  const labels = template.metadata?.labels
  if (matchesSelector(selector, labels)) return
  const at =
    template.metadata === undefined
      ? ['spec', 'template']
      : labels === undefined
        ? ['spec', 'template', 'metadata']
        : labelsPath
  context.error(
    at,
    `spec.selector does not match the template's labels ${JSON.stringify(labels ?? {})}`,
    'make the template carry every label that the selector asks for',
  )
}

/** False when the selector cannot be used. */
export function checkSelector(context: CheckContext, path: Path, selector: LabelSelector): boolean {
  checkLabels(context, [...path, 'matchLabels'], selector.matchLabels)
  const expressions = [...path, 'matchExpressions']
  const items = context.items(expressions, selector.matchExpressions)
  let usable = context.sound(path)
  for (const { value, path: at } of items) {
    const rule = qualifiedName(value.key)
    if (rule !== undefined) context.error([...at, 'key'], `${JSON.stringify(value.key)} ${rule}`)
    if (!checkValues(context, at, value.operator, value.values)) usable = false
  }
  return usable
}

function checkValues(
  context: CheckContext,
  path: Path,
  operator: string,
  values: readonly string[] | undefined,
): boolean {
  const takes = operator === 'In' || operator === 'NotIn'
  const given = values !== undefined && values.length > 0
  if (takes && !given) context.error([...path, 'values'], `must be given when operator is ${operator}`)
  if (!takes && given) context.error([...path, 'values'], `may not be given when operator is ${operator}`)
  for (const [index, value] of (values ?? []).entries()) {
    const rule = labelValue(value)
    if (rule !== undefined) context.error([...path, 'values', index], `${JSON.stringify(value)} ${rule}`)
  }
  return takes === given
}

/** Keys whose values are taken from the pod itself: with a selector, and no key that the selector asks for. */
export function checkMatchLabelKeys(
  context: CheckContext,
  path: Path,
  keys: readonly string[] | undefined,
  selector: LabelSelector | undefined,
): void {
  if (keys === undefined || keys.length === 0) return
  if (selector === undefined) return context.error(path, 'must not be set when labelSelector is not set')
  for (const [index, key] of keys.entries()) {
    const rule = qualifiedName(key)
    if (rule !== undefined) context.error([...path, index], `${JSON.stringify(key)} ${rule}`)
    const asked =
      selector.matchLabels?.[key] !== undefined ||
      (selector.matchExpressions ?? []).some((requirement) => requirement.key === key)
    if (asked) context.error([...path, index], `the key ${key} is in labelSelector too`)
  }
}
