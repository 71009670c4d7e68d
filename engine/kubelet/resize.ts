import type { ResizePodRequest } from '../api/cri.ts'
import { podUid } from '../api/names.ts'
import type { ContainerResize, PodRecord } from '../api/records.ts'
import { runningSpec } from '../api/resize.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import { backOffOf, ofPod, stopAction, wholeGrace } from './actions.ts'
import { containerFacts, filledFactsOf } from './facts.ts'
import { freshRecord } from './record.ts'
import { podCgroupOf } from './requests/podCgroup.ts'
import { resourcesOf } from './requests/resources.ts'
import type { PodStep } from './step.ts'
import { earliest } from './time.ts'
import { type ContainerView, isAlive, type PodView } from './view.ts'

/**
 * What the containers may use follows the record. Those that are to start anew for it are ended when what they start with is written, and the pod
 * as a whole gets less last of all. A container that uses more than it is to have keeps nothing else from being done.
 */
export function resizeStep(view: PodView, rest: () => PodStep): PodStep {
  const { record } = view.pod
  const { resizing } = record
  if (resizing === undefined) return rest()
  const wait = backOffOf(view, '')
  if (wait !== undefined) return { ...rest(), ...requeued(rest(), wait) }
  const names = Object.keys(resizing).join(', ')
  const alive = [...view.inits, ...view.mains].filter((one) => isToEnd(one, resizing[one.name]))
  if (isPrepared(resizing) && alive.length > 0) {
    const reason = `container ${alive.map(({ name }) => name).join(', ')} starts anew with other resources, as its resizePolicy says`
    const action = stopAction(view, alive, {
      reason,
      grace: () => wholeGrace(view.facts.graceMs),
      disarm: false,
    })
    // It starts again whatever its restart policy says of how it ends now.
    const ended = Object.fromEntries(alive.map((one) => [one.name, one.observed?.attempt ?? 0]))
    const restartedAttempts = { ...record.restartedAttempts, ...ended }
    return { action: { ...action, record: { ...action.record, restartedAttempts } } }
  }
  const reason = `other resources for container ${names}`
  return { action: { ...ofPod(view, reason), kind: 'resizePod', record: freshRecord(view) } }
}

function requeued(step: PodStep, wait: PodStep): PodStep {
  const requeueAt = earliest(step.requeueAt, wait.requeueAt)
  return requeueAt === undefined ? {} : { requeueAt }
}

type Resizing = Readonly<Record<string, ContainerResize>>

/** What all start with is written: only those are left that have to. */
function isPrepared(resizing: Resizing): boolean {
  return Object.values(resizing).every(({ ended }) => ended !== undefined)
}

function isToEnd(container: ContainerView, resize: ContainerResize | undefined): boolean {
  const { observed } = container
  return resize?.ended !== undefined && isAlive(container) && (observed?.attempt ?? 0) <= resize.ended
}

/** What the runtime is asked for. */
export function resizePodRequest(record: PodRecord): ResizePodRequest {
  const { resizing = {} } = record
  const facts = filledFactsOf(record.pod.spec)
  const cgroup = podCgroupOf(facts.spec)
  const before = podCgroupOf(filledFactsOf(runningSpec(record)).spec)
  const isLast = isPrepared(resizing) || !Object.values(resizing).some(({ restart }) => restart === true)
  return {
    uid: podUid(record.pod.metadata.uid ?? ''),
    // A group may not have less than the groups in it, at no time.
    first: {
      cpuShares: Math.max(before.cpuShares, cgroup.cpuShares),
      ...higher('cpuQuotaUs', before, cgroup),
      ...higher('memoryLimitBytes', before, cgroup),
    },
    ...(isLast && { last: cgroup }),
    containers: Object.entries(resizing).flatMap(([name, { restart }]) => {
      const found = containerFacts(facts, name)
      return found === undefined
        ? []
        : [{ name, resources: resourcesOf(found.container), live: restart !== true }]
    }),
  }
}

type Limited = ResizePodRequest['first']

function higher(name: 'cpuQuotaUs' | 'memoryLimitBytes', one: Limited, two: Limited): Partial<Limited> {
  const [before, after] = [one[name], two[name]]
  return before === undefined || after === undefined ? {} : { [name]: Math.max(before, after) }
}

/** As it is once the runtime has done that: those are left that have to end, and after them nothing. */
export function resizedRecord(record: PodRecord, pod: ObservedPod | undefined): PodRecord {
  const { resizing = {}, ...rest } = record
  const left = isPrepared(resizing)
    ? []
    : Object.entries(resizing).flatMap(([name, resize]) => {
        const ended = pod?.containers.get(name)?.attempt ?? -1
        return resize.restart === true ? [[name, { ...resize, ended }] as const] : []
      })
  const generation = record.generation + 1
  return { ...rest, generation, ...(left.length > 0 && { resizing: Object.fromEntries(left) }) }
}
