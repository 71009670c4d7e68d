import type {
  ContainerStatus,
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
  PodStatus,
} from '../../api/generated/types.ts'
import { parseIndexes } from './indexes.ts'
import type { PodView } from '../view.ts'

/** What a failed pod means for its Job, by its podFailurePolicy. */
export type FailureVerdict =
  | { readonly action: 'Count' | 'Ignore' | 'FailIndex' }
  | { readonly action: 'FailJob'; readonly message: string }

const COUNT: FailureVerdict = { action: 'Count' }

/** The first rule that matches decides; as matchPodFailurePolicy in Kubernetes' pkg/controller/job/pod_failure_policy.go. */
export function failureVerdict({ podFailurePolicy }: JobSpec, pod: PodView): FailureVerdict {
  for (const [index, rule] of (podFailurePolicy?.rules ?? []).entries()) {
    const matched = matchText(rule, pod)
    if (matched === undefined) continue
    const { action } = rule
    if (action !== 'FailJob') return { action }
    return { action, message: `${matched} matching ${action} rule at index ${index}` }
  }
  return COUNT
}

function matchText({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: PodView): string | undefined {
  if (onExitCodes !== undefined) {
    const container = matchingContainer(pod.status, onExitCodes)
    const exitCode = container?.state?.terminated?.exitCode
    return container === undefined
      ? undefined
      : `Container ${container.name} for pod ${pod.label} failed with exit code ${exitCode}`
  }
  const condition = (pod.status.conditions ?? []).find(({ status, type }) =>
    (onPodConditions ?? []).some((on) => on.type === type && (on.status ?? 'True') === status),
  )
  return condition === undefined ? undefined : `Pod ${pod.label} has condition ${condition.type}`
}

function matchingContainer(
  { containerStatuses = [], initContainerStatuses = [] }: PodStatus,
  required: PodFailurePolicyOnExitCodesRequirement,
): ContainerStatus | undefined {
  return [...containerStatuses, ...initContainerStatuses].find(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode ?? 0
    if (exitCode === 0 || (required.containerName !== undefined && required.containerName !== name))
      return false
    return required.values.includes(exitCode) === (required.operator === 'In')
  })
}

/** What is said when one of the successPolicy's rules holds; one that holds is enough. */
export function successMessage(
  { completions = 0, successPolicy }: JobSpec,
  completed: ReadonlySet<number>,
): string | undefined {
  if (completed.size === 0) return undefined
  for (const [index, { succeededCount, succeededIndexes }] of (successPolicy?.rules ?? []).entries()) {
    const required = succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes, completions)
    if (required?.size === 0) continue
    const done =
      required === undefined ? completed.size : [...required].filter((one) => completed.has(one)).length
    const enough = succeededCount ?? required?.size
    if (enough !== undefined && done >= enough) return `Matched rules at index ${index}`
  }
  return undefined
}
