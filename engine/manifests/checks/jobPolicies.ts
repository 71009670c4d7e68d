import type {
  JobSpec,
  PodFailurePolicyRule,
  SuccessPolicy,
  SuccessPolicyRule,
} from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { didYouMean } from '../suggestions.ts'
import { qualifiedName } from './names.ts'
import { checkExitCodes } from './restarts.ts'

const RULES_MAX = 20
const PATTERNS_MAX = 20
const INDEXES_TEXT_MAX = 64 * 1024

export function checkFailurePolicy(context: CheckContext, path: Path, spec: JobSpec): void {
  const rules = spec.podFailurePolicy?.rules ?? []
  if (rules.length > RULES_MAX) context.error([...path, 'rules'], `must have no more than ${RULES_MAX} rules`)
  for (const [index, rule] of rules.entries())
    checkFailureRule(context, [...path, 'rules', index], rule, spec)
  if (spec.podReplacementPolicy === 'TerminatingOrFailed') {
    const at = [...path.slice(0, -1), 'podReplacementPolicy']
    context.error(at, 'must be Failed when podFailurePolicy is given')
  }
}

function checkFailureRule(
  context: CheckContext,
  path: Path,
  rule: PodFailurePolicyRule,
  spec: JobSpec,
): void {
  const { onExitCodes, onPodConditions = [] } = rule
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    context.error([...path, 'action'], 'FailIndex requires the use of backoffLimitPerIndex')
  }
  if (onExitCodes === undefined && onPodConditions.length === 0) {
    return context.error(path, 'must have one of onExitCodes, onPodConditions')
  }
  if (onExitCodes !== undefined && onPodConditions.length > 0) {
    return context.error(path, 'may not have both onExitCodes and onPodConditions')
  }
  if (onExitCodes !== undefined) return checkOnExitCodes(context, [...path, 'onExitCodes'], onExitCodes, spec)
  if (onPodConditions.length > PATTERNS_MAX) {
    context.error([...path, 'onPodConditions'], `must have no more than ${PATTERNS_MAX} patterns`)
  }
  for (const [index, { type }] of onPodConditions.entries()) {
    const name = qualifiedName(type)
    if (name !== undefined)
      context.error([...path, 'onPodConditions', index, 'type'], `${JSON.stringify(type)} ${name}`)
  }
}

type OnExitCodes = NonNullable<PodFailurePolicyRule['onExitCodes']>

function checkOnExitCodes(context: CheckContext, path: Path, codes: OnExitCodes, spec: JobSpec): void {
  checkExitCodes(context, [...path, 'values'], codes.values)
  const zero = codes.values.indexOf(0)
  if (codes.operator === 'In' && zero >= 0) {
    context.error([...path, 'values', zero], 'must not be 0 for the In operator: that is no failure')
  }
  const { containerName } = codes
  const { containers, initContainers = [] } = spec.template.spec
  const names = [...containers, ...initContainers].map(({ name }) => name)
  if (containerName === undefined || names.includes(containerName)) return
  const message = `${JSON.stringify(containerName)} is no container of the pod template`
  context.error([...path, 'containerName'], message, didYouMean(containerName, names).suggestion)
}

/** `completions`: of an Indexed Job; undefined for another, which has been told so. */
export function checkSuccessPolicy(
  context: CheckContext,
  path: Path,
  policy: SuccessPolicy,
  completions: number | undefined,
): void {
  const at = [...path, 'rules']
  if (policy.rules.length === 0) context.error(at, 'must have at least one rule')
  if (policy.rules.length > RULES_MAX) context.error(at, `must have no more than ${RULES_MAX} rules`)
  if (completions === undefined) return
  for (const [index, rule] of policy.rules.entries())
    checkSuccessRule(context, [...at, index], rule, completions)
}

function checkSuccessRule(
  context: CheckContext,
  path: Path,
  rule: SuccessPolicyRule,
  completions: number,
): void {
  const { succeededCount, succeededIndexes } = rule
  if (succeededCount === undefined && succeededIndexes === undefined) {
    return context.error(path, 'must have at least one of succeededCount, succeededIndexes')
  }
  const indexes = succeededIndexes === undefined ? undefined : countIndexes(succeededIndexes, completions)
  if (typeof indexes === 'string') context.error([...path, 'succeededIndexes'], indexes)
  if (succeededCount === undefined) return
  const most = typeof indexes === 'number' ? indexes : completions
  const of = typeof indexes === 'number' ? 'the number of succeededIndexes' : 'completions'
  if (succeededCount < 1)
    context.error([...path, 'succeededCount'], `must be 1 or more, not ${succeededCount}`)
  else if (succeededCount > most) {
    const message = `the rule can never be met: must be no more than ${of}, ${most}`
    context.error([...path, 'succeededCount'], message)
  }
}

/** How many indexes `0,2-4,7` names; a text that says what is wrong with it. */
function countIndexes(text: string, completions: number): number | string {
  if (text.length > INDEXES_TEXT_MAX) return `must be no more than ${INDEXES_TEXT_MAX} characters`
  let count = 0
  let last = -1
  for (const part of text === '' ? [] : text.split(',')) {
    const match = /^(0|[1-9][0-9]*)(?:-(0|[1-9][0-9]*))?$/.exec(part)
    if (match === null)
      return `${JSON.stringify(part)} is neither an index nor a range of indexes such as 2-4`
    const from = Number(match[1])
    const to = match[2] === undefined ? from : Number(match[2])
    if (match[2] !== undefined && to <= from) return `the range ${part} must end behind its start`
    if (from <= last) return `${part} must be greater than what stands before it`
    if (to >= completions) return `the index ${to} must be less than completions, ${completions}`
    count += to - from + 1
    last = to
  }
  return count
}
