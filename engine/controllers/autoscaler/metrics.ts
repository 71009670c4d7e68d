import { podSpecWithDefaults } from '../../api/defaults/pod.ts'
import type { PodCondition, PodSpec, Quantity } from '../../api/generated/types.ts'
import { byteCount, cpuMillis } from '../../api/quantity.ts'
import type { PodUsage } from '../../api/snapshot.ts'
import { memoised } from '../../api/memo.ts'
import type { PodView } from '../view.ts'

/** What is looked at: a resource of whole pods, or of one container of each. */
export interface Measured {
  readonly resource: string
  readonly container: string | undefined
}

/** In percent of what the pods request, or in units of the resource (milli-cores, bytes) a pod. */
export type Target =
  | { readonly kind: 'utilization'; readonly percent: number }
  | { readonly kind: 'average'; readonly units: number }

/** How far the ratio of usage and target may be from 1 with nothing done, downwards and upwards. */
export interface Tolerances {
  readonly down: number
  readonly up: number
}

export type Proposal = Found | Problem

export interface Found {
  readonly kind: 'found'
  readonly replicas: number
  /** Percent of the requests; absent when the target is no utilization. */
  readonly utilization?: number
  /** Units a pod. */
  readonly average: number
}

/** Why no number could be found. */
export interface Problem {
  readonly kind: 'problem'
  /** In the words of Kubernetes, as part of a condition's message. */
  readonly message: string
  /** It will be the same at the next look, unless the commit changes. */
  readonly certain: boolean
}

/** kube-controller-manager's --horizontal-pod-autoscaler-cpu-initialization-period and -initial-readiness-delay. */
const CPU_INITIALIZATION_MS = 5 * 60_000
const INITIAL_READINESS_DELAY_MS = 30_000
/** A usage that was found longer ago is none: its node does not answer, or the container has ended. */
const STALE_MS = 60_000

/**
 * How many pods there should be by one metric: Kubernetes' replica calculator. With 3 pods that use 90 % of their requests and a target
 * of 50 %, the ratio is 1.8 and 3 become 6. Pods that are not measured count as idle on the way up and as busy on the way down, pods
 * that are not ready as idle on the way up.
 */
export function proposal(
  current: number,
  pods: readonly PodView[],
  measured: Measured,
  target: Target,
  tolerances: Tolerances,
  nowMs: number,
): Proposal {
  if (pods.length === 0) return problem('no pods returned by selector while calculating replica count')
  const groups = grouped(pods, measured, nowMs)
  if (groups.measuredAtAll === 0) {
    const none = 'no metrics returned from resource metrics API'
    return problem(`unable to get metrics for resource ${measured.resource}: ${none}`)
  }
  if (groups.ready.size === 0)
    return problem('did not receive metrics for targeted pods (pods might be unready)')
  const requests = target.kind === 'utilization' ? requestsOf(pods, measured) : NO_REQUESTS
  if (typeof requests === 'string') return problem(requests, true)
  if (target.kind === 'utilization' && requestedBy(groups.ready, requests) === 0)
    return problem('no metrics returned matched known pods', true)
  const { ratio, ...found } = ratioOf(groups.ready, requests, target)
  const unreadyCount = groups.unready.length > 0 && ratio > 1
  if (!unreadyCount && groups.missing.length === 0) {
    const replicas = isWithin(ratio, tolerances) ? current : Math.ceil(ratio * groups.ready.size)
    return { kind: 'found', replicas, ...found }
  }
  const all = filledUp(groups, requests, target, ratio)
  const second = ratioOf(all, requests, target)
  const replicas = cautious(current, ratio, second.ratio, all.size, tolerances)
  return { kind: 'found', replicas, ...found }
}

function problem(message: string, certain = false): Problem {
  return { kind: 'problem', message, certain }
}

interface Groups {
  /** By pod, in units; those that count. */
  readonly ready: ReadonlyMap<PodView, number>
  readonly unready: readonly PodView[]
  readonly missing: readonly PodView[]
  readonly measuredAtAll: number
}

function grouped(pods: readonly PodView[], measured: Measured, nowMs: number): Groups {
  const ready = new Map<PodView, number>()
  const unready: PodView[] = []
  const missing: PodView[] = []
  let measuredAtAll = 0
  for (const pod of pods) {
    const used = usedBy(pod, measured, nowMs)
    if (used !== undefined) measuredAtAll += 1
    if (pod.deleting || pod.status.phase === 'Failed') continue
    if (pod.status.phase === 'Pending') unready.push(pod)
    else if (used === undefined) missing.push(pod)
    else if (measured.resource === 'cpu' && isStarting(pod, nowMs)) unready.push(pod)
    else ready.set(pod, used)
  }
  return { ready, unready, missing, measuredAtAll }
}

/** In milli-cores or bytes; undefined when it was not measured, or long ago. */
function usedBy(
  { reachable, usage }: PodView,
  { container, resource }: Measured,
  nowMs: number,
): number | undefined {
  if (usage === undefined || !reachable || nowMs - Date.parse(usage.at) > STALE_MS) return undefined
  const one = container === undefined ? undefined : usage.containers.get(container)
  const counted = container === undefined ? [...usage.containers.values()] : one === undefined ? [] : [one]
  if (counted.length === 0) return undefined
  return counted.reduce((sum, used) => sum + (resource === 'cpu' ? used.cpuMillis : used.memoryBytes), 0)
}

/** Its cpu says nothing yet of what it will need: it is still starting, or its readiness is younger than the measure. */
function isStarting({ status, usage }: PodView, nowMs: number): boolean {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')
  if (ready === undefined || status.startTime === undefined || usage === undefined) return true
  const startedMs = Date.parse(status.startTime)
  const changedMs = transitionMs(ready)
  if (startedMs + CPU_INITIALIZATION_MS > nowMs) return ready.status === 'False' || isOlder(usage, changedMs)
  return ready.status === 'False' && startedMs + INITIAL_READINESS_DELAY_MS > changedMs
}

function isOlder({ at, windowMs }: PodUsage, changedMs: number): boolean {
  return Date.parse(at) < changedMs + windowMs
}

function transitionMs({ lastTransitionTime }: PodCondition): number {
  return lastTransitionTime === undefined ? 0 : Date.parse(lastTransitionTime)
}

interface Ratio {
  readonly ratio: number
  readonly utilization?: number
  readonly average: number
}

/** Whole percents and whole units, as Kubernetes reckons: 100m of 300m are 33 %. */
function ratioOf(
  used: ReadonlyMap<PodView, number>,
  requests: ReadonlyMap<PodView, number>,
  target: Target,
): Ratio {
  const total = sum(used.values())
  const average = Math.floor(total / used.size)
  if (target.kind === 'average') return { ratio: average / target.units, average }
  const utilization = Math.floor((total * 100) / requestedBy(used, requests))
  return { ratio: utilization / target.percent, utilization, average }
}

function requestedBy(used: ReadonlyMap<PodView, number>, requests: ReadonlyMap<PodView, number>): number {
  return sum([...used.keys()].map((pod) => requests.get(pod) ?? 0))
}

function filledUp(
  { missing, ready, unready }: Groups,
  requests: ReadonlyMap<PodView, number>,
  target: Target,
  ratio: number,
): ReadonlyMap<PodView, number> {
  const all = new Map(ready)
  for (const pod of missing) {
    if (ratio < 1) all.set(pod, busyValue(requests.get(pod) ?? 0, target))
    else if (ratio > 1) all.set(pod, 0)
  }
  if (ratio > 1) for (const pod of unready) all.set(pod, 0)
  return all
}

/** What a pod that nobody measured is taken to use before any is taken away: all of its requests, or the target. */
function busyValue(request: number, target: Target): number {
  if (target.kind === 'average') return target.units
  return Math.floor((request * Math.max(100, target.percent)) / 100)
}

/** Guesses may hold a change back; they never bring one about, nor turn it round. */
function cautious(
  current: number,
  ratio: number,
  next: number,
  pods: number,
  tolerances: Tolerances,
): number {
  if (isWithin(next, tolerances) || (ratio < 1 && next > 1) || (ratio > 1 && next < 1)) return current
  const replicas = Math.ceil(next * pods)
  if ((next < 1 && replicas > current) || (next > 1 && replicas < current)) return current
  return replicas
}

function isWithin(ratio: number, { down, up }: Tolerances): boolean {
  return 1 - down <= ratio && ratio <= 1 + up
}

const NO_REQUESTS: ReadonlyMap<PodView, number> = new Map()

/** By pod, in units. Of all pods, also those that do not count; one without a request makes every percentage meaningless, and is named. */
function requestsOf(pods: readonly PodView[], measured: Measured): ReadonlyMap<PodView, number> | string {
  const requests = new Map<PodView, number>()
  for (const pod of pods) {
    const request = requestOf(pod, measured)
    if (typeof request === 'string') return request
    requests.set(pod, request)
  }
  return requests
}

const defaultedSpec = memoised(podSpecWithDefaults)

function requestOf({ record }: PodView, { container, resource }: Measured): number | string {
  const { metadata, spec: written } = record.pod
  const spec = defaultedSpec(written)
  const ofPod = spec.resources?.requests
  if (container === undefined && ofPod !== undefined) {
    const request = ofPod[resource]
    if (request === undefined) return `missing pod-level request for ${resource} in Pod ${metadata.name}`
    return unitsOf(request, resource)
  }
  let total = 0
  for (const { name, resources } of longRunning(spec)) {
    if (container !== undefined && name !== container) continue
    const request = resources?.requests?.[resource]
    if (request === undefined)
      return `missing request for ${resource} in container ${name} of Pod ${metadata.name}`
    total += unitsOf(request, resource)
  }
  return total
}

function longRunning({ containers, initContainers = [] }: PodSpec): PodSpec['containers'] {
  return [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')]
}

export function unitsOf(quantity: Quantity, resource: string): number {
  return resource === 'cpu' ? cpuMillis(quantity) : byteCount(quantity)
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
