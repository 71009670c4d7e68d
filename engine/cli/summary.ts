import type { Job, KubernetesObject, Pod } from '../api/generated/types.ts'
import type { Plan } from '../api/plan.ts'
import type { Desired } from '../api/snapshot.ts'
import { engineNeeds } from '../kubelet/health.ts'
import type { ProgressEvent } from '../reconciler/progress.ts'

/** What a run did to pods, by name. */
export interface Changed {
  readonly created: readonly string[]
  readonly removed: readonly string[]
  readonly restarted: readonly string[]
  /** Whose ConfigMaps, Secrets, labels or annotations were written to their volumes anew. */
  readonly updated: readonly string[]
  /** Whose containers got other cpu or memory; absent: none. */
  readonly resized?: readonly string[]
}

/** Listens to the loop and adds up. */
export function createCounter(): { event(event: ProgressEvent): void; changed(): Changed } {
  const created = new Map<string, string>()
  const removed = new Map<string, string>()
  const restarted = new Map<string, string>()
  const updated = new Map<string, string>()
  const resized = new Map<string, string>()
  return {
    event(event) {
      if (event.kind === 'podGone') {
        if (!created.delete(event.uid)) removed.set(event.uid, event.pod)
      } else if (event.kind === 'actionEnded' && event.action.kind === 'createPod') {
        created.set(event.action.uid, event.action.pod)
      } else if (event.kind === 'actionEnded' && event.action.kind === 'startContainers') {
        const { uid, pod } = event.action
        if (!created.has(uid)) restarted.set(uid, pod)
      } else if (event.kind === 'actionEnded' && event.action.kind === 'updateVolumes') {
        updated.set(event.action.uid, event.action.pod)
      } else if (event.kind === 'actionEnded' && event.action.kind === 'resizePod') {
        resized.set(event.action.uid, event.action.pod)
      }
    },
    changed: () => ({
      created: [...created.values()].toSorted(),
      removed: [...removed.values()].toSorted(),
      restarted: [...restarted.values()].toSorted(),
      updated: [...updated.values()].toSorted(),
      ...(resized.size > 0 && { resized: [...resized.values()].toSorted() }),
    }),
  }
}

/** The templates of all pods that the commit asks for. */
function podSpecs(desired: Desired): readonly NonNullable<Pod['spec']>[] {
  return [...desired.objects.values()].flatMap(({ object }) => {
    if (object.kind === 'Pod') return object.spec === undefined ? [] : [object.spec]
    if (object.kind === 'DaemonSet') return [object.spec.template.spec]
    if (object.kind === 'Deployment' || object.kind === 'ReplicaSet' || object.kind === 'StatefulSet') {
      const { replicas, template } = object.spec
      return template === undefined || replicas === 0 ? [] : [template.spec]
    }
    return []
  })
}

/** What will not happen until an engine runs again, each sentence once. */
export function needsOfEngine(desired: Desired, plan: Plan | undefined): readonly string[] {
  const jobs = openJobs(plan)
  const specs = [...podSpecs(desired), ...jobs.map(({ spec }) => spec.template.spec)]
  return [
    ...new Set([
      ...specs.flatMap((spec) => engineNeeds(spec)),
      ...(jobs.length > 0 ? [JOBS_STAND] : []),
      ...(startsJobs(desired) ? [CRON_JOBS_STAND] : []),
      ...(has(desired, 'HorizontalPodAutoscaler') ? [AUTOSCALERS_STAND] : []),
      ...(has(desired, 'Service') || has(desired, 'Ingress') ? [SERVICES_STAND] : []),
    ]),
  ]
}

const JOBS_STAND =
  'Jobs that are not done make no more pods, neither in the place of those that fail nor for what is left'
const CRON_JOBS_STAND =
  'CronJobs start no Jobs; of those that fall due meanwhile the last one is started then'

const AUTOSCALERS_STAND = 'HorizontalPodAutoscalers neither measure nor scale'

const SERVICES_STAND =
  'Services and Ingresses go on leading to the pods that were ready, also to one that ends'

function has({ objects }: Desired, kind: KubernetesObject['kind']): boolean {
  return [...objects.values()].some(({ object }) => object.kind === kind)
}

/** Those of CronJobs among them. */
function openJobs(plan: Plan | undefined): readonly Job[] {
  return [...(plan?.statuses.values() ?? [])].flatMap(({ health, object }) =>
    health.kind === 'progressing' && isJob(object) ? [object] : [],
  )
}

function isJob(object: unknown): object is Job {
  return typeof object === 'object' && object !== null && 'kind' in object && object.kind === 'Job'
}

function startsJobs({ objects }: Desired): boolean {
  return [...objects.values()].some(({ object }) => object.kind === 'CronJob' && object.spec.suspend !== true)
}

export function unchangedPods(plan: Plan | undefined): number {
  return plan?.verdicts.filter((verdict) => verdict.bucket === 'keep').length ?? 0
}
