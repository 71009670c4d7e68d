import type { ContainerStatus, Pod } from '../api/generated/types.ts'
import { keyParts, type ObjectKey, objectText, podUid } from '../api/names.ts'
import type { Health, Plan } from '../api/plan.ts'
import type { Snapshot } from '../api/snapshot.ts'
import { controllerOf } from '../api/owners.ts'
import type { UnhealthyObject } from '../reconciler/outcome.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { healthText, shortHealth } from './progress.ts'

const LOG_LINES = 10
/** Of a rollout of fifty pods that all fail alike, a few tell enough. */
const PODS_MAX = 3

export interface BlameOptions {
  readonly plan: Plan
  readonly snapshot: Snapshot
  readonly runtime: Runtime
  readonly signal: AbortSignal
}

/** Why objects are not healthy: each with its pods, containers, exit codes and the last lines of their logs. */
export async function blame(
  objects: readonly UnhealthyObject[],
  options: BlameOptions,
): Promise<readonly string[]> {
  const parts = await Promise.all(objects.map((each) => blameObject(each, options)))
  return parts.flat()
}

async function blameObject(
  { object, health }: UnhealthyObject,
  options: BlameOptions,
): Promise<readonly string[]> {
  const pods = podsOf(object, options).filter((pod) => !isReady(pod) && pod.status?.phase !== 'Succeeded')
  const told: (readonly string[])[] = []
  const troubles = new Set<string>()
  // One after the other: the trouble that an earlier one has as well is told once.
  for (const pod of pods.slice(0, PODS_MAX)) told.push(await blamePod(pod, troubles, options))
  const more = pods.length - told.length
  return [
    `${objectText(object)}: ${summaryOf(health, told.flat())}`,
    ...told.flat(),
    ...(more > 0 ? [`  and ${more} more of its pods`] : []),
  ]
}

/** Without the message when a container below is told in the same words. */
function summaryOf(health: Health, told: readonly string[]): string {
  if (health.kind === 'healthy') return healthText(health)
  const containers = told.map((line) => line.trim()).filter((line) => line.startsWith('container '))
  const isBelow = containers.some((line) => line.includes(health.message) || health.message.includes(line))
  if (!isBelow) return healthText(health)
  return health.kind === 'failed' ? shortHealth(health) : 'not healthy yet'
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true
}

/** The pod itself, the pods that the object owns, or those of a Deployment's ReplicaSets. */
function podsOf(object: ObjectKey, { plan, snapshot }: BlameOptions): readonly Pod[] {
  const { kind, namespace, name } = keyParts(object)
  const sets = new Set(
    [...snapshot.records.values()]
      .filter(({ key, object: set }) => {
        const owner = controllerOf(set.metadata)
        return keyParts(key).namespace === namespace && owner?.kind === kind && owner.name === name
      })
      .map((record) => record.object.metadata.name),
  )
  return [...plan.statuses.values()].flatMap(({ key, object: value }) => {
    if (!isPod(value)) return []
    if (key === object) return [value]
    const owner = controllerOf(value.metadata)
    if (owner === undefined || keyParts(key).namespace !== namespace) return []
    const direct = owner.kind === kind && owner.name === name
    return direct || (owner.kind === 'ReplicaSet' && sets.has(owner.name)) ? [value] : []
  })
}

export function isPod(value: unknown): value is Pod {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Pod'
}

async function blamePod(pod: Pod, troubles: Set<string>, options: BlameOptions): Promise<readonly string[]> {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  const troubled = [...initContainerStatuses, ...containerStatuses].filter(
    (one) =>
      !one.ready && one.state?.terminated?.exitCode !== 0 && one.state?.waiting?.reason !== 'PodInitializing',
  )
  const lines: (readonly string[])[] = []
  for (const one of troubled) {
    const trouble = `container ${one.name}: ${containerTrouble(one)}`
    lines.push(
      troubles.has(trouble)
        ? [`    container ${one.name}: the same`]
        : [`    ${trouble}`, ...(await logLines(pod, one.name, options))],
    )
    troubles.add(trouble)
  }
  const message = pod.status?.message
  return [
    `  pod ${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}${message === undefined ? '' : `: ${message}`}`,
    ...lines.flat(),
  ]
}

async function logLines(pod: Pod, container: string, options: BlameOptions): Promise<readonly string[]> {
  const log = await lastLines(pod, container, options)
  return log.length === 0 ? [] : ['      its last lines:', ...log.map((line) => `      | ${line}`)]
}

function containerTrouble({ state, lastState, restartCount }: ContainerStatus): string {
  const ended = state?.terminated ?? lastState?.terminated
  const parts = [
    state?.waiting === undefined ? undefined : join(state.waiting.reason, state.waiting.message),
    state?.running === undefined ? undefined : 'runs, and is not ready',
    ended === undefined
      ? undefined
      : `last ended with exit code ${ended.exitCode}, ${join(ended.reason, ended.message)}`,
    restartCount === 0 ? undefined : `restarted ${restartCount === 1 ? 'once' : `${restartCount} times`}`,
  ]
  return parts.filter((part) => part !== undefined).join('; ')
}

function join(reason: string | undefined, message: string | undefined): string {
  const said = [reason, message?.trim()].filter((part) => part !== undefined && part !== '')
  return said.join(': ')
}

async function lastLines(pod: Pod, container: string, options: BlameOptions): Promise<readonly string[]> {
  const uid = podUid(pod.metadata.uid ?? '')
  const request = { uid, container, previous: false, follow: false, tailLines: LOG_LINES }
  const lines: string[] = []
  try {
    for await (const { text } of options.runtime.logs(request, options.signal)) lines.push(text)
  } catch {
    // A container that was never started has no log, and that is told by its state already.
  }
  return lines
}
