import type { HorizontalPodAutoscaler, KubernetesObject } from '../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../api/names.ts'
import type { Plan, Violation } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { Desired, DesiredObject } from '../api/snapshot.ts'
import { autoscalerDecision } from '../controllers/autoscaler/autoscaler.ts'
import type { ScaleTarget } from '../controllers/autoscaler/spec.ts'
import type { Decision } from '../controllers/decision.ts'
import { memoised } from '../api/memo.ts'
import { thrown } from './worldPods.ts'
import { inOrder } from './inOrder.ts'
import type { World } from './world.ts'

/** Kinds whose `spec.replicas` an autoscaler may set. */
const SCALABLE = ['Deployment', 'ReplicaSet', 'StatefulSet'] as const

export interface Autoscaled {
  /** As given, but each target wants as many pods as its autoscaler says. */
  readonly world: World
  readonly decisions: readonly Decision[]
  readonly violations: readonly Violation[]
}

/** Before everything else is decided: how many pods the targets of autoscalers are to have. */
export function autoscale(world: World): Autoscaled {
  const autoscalers = autoscalersOf(world.wanted)
  if (autoscalers.length === 0) return { world, decisions: [], violations: [] }
  const names = Map.groupBy(autoscalers, ({ target }) => target)
  const wanted = new Map(world.wanted)
  const decisions: Decision[] = []
  const violations: Violation[] = []
  for (const one of autoscalers) {
    try {
      const rivals = (names.get(one.target) ?? []).filter((other) => other !== one)
      const { decision, replicas: wished } = decisionOf(one, rivals, world)
      decisions.push(decision)
      // One that is left alone scales nothing: the number that it last decided on stays.
      const isLeft = world.off.of(one.desired.key) !== undefined
      const replicas = isLeft ? desiredReplicas(recordOf(one, world)?.object.status) : wished
      const target = world.wanted.get(one.target)
      if (target === undefined || replicas === undefined) continue
      // Of several that fight over one target the first one's number holds, and all of them say so.
      if (wanted.get(one.target) === target) wanted.set(one.target, scaled(target)(replicas))
    } catch (error) {
      violations.push(thrown(one.desired.key, error))
    }
  }
  return { world: { ...world, wanted }, decisions, violations }
}

interface Autoscaler {
  readonly desired: DesiredObject
  readonly object: HorizontalPodAutoscaler
  readonly written: HorizontalPodAutoscaler
  readonly target: ObjectKey
}

/** By key. */
export const autoscalersOf = memoised((objects: Desired['objects']): readonly Autoscaler[] => {
  const found: Autoscaler[] = []
  for (const desired of objects.values()) {
    const { key, object, written } = desired
    if (object.kind !== 'HorizontalPodAutoscaler' || written.kind !== object.kind) continue
    const { kind, name } = object.spec.scaleTargetRef
    found.push({ desired, object, written, target: objectKey(kind, keyParts(key).namespace, name) })
  }
  return inOrder(found, ({ desired }) => desired.key)
})

const byTarget = memoised((objects: Desired['objects']): ReadonlyMap<ObjectKey, Autoscaler> => {
  return new Map(autoscalersOf(objects).map((one) => [one.target, one]))
})

function decisionOf(
  { desired, object, target, written }: Autoscaler,
  rivals: readonly Autoscaler[],
  world: World,
): ReturnType<typeof autoscalerDecision> {
  const pods = world.byObject.get(target) ?? []
  const record = world.snapshot.records.get(desired.key)
  const input = {
    desired,
    object,
    written,
    record,
    pods,
    target: targetOf(world.wanted.get(target), pods),
    rivals: rivals.map((other) => other.desired.object.metadata?.name ?? ''),
  }
  return autoscalerDecision(input, world.context)
}

function recordOf({ desired }: Autoscaler, { snapshot }: World): ObjectRecord | undefined {
  return snapshot.records.get(desired.key)
}

function targetOf(desired: DesiredObject | undefined, pods: ScaleTarget['pods']): ScaleTarget | undefined {
  const written = desired?.written
  if (desired === undefined || written === undefined || !isScalable(written)) return undefined
  return { key: desired.key, written: written.spec.replicas, pods }
}

/** The commit's object as the plan wants it: with the replicas that its autoscaler decided on, if it has one. */
export function scaledObject(
  key: ObjectKey,
  { statuses }: Pick<Plan, 'statuses'>,
  { objects }: Pick<Desired, 'objects'>,
): KubernetesObject | undefined {
  const desired = objects.get(key)
  if (desired === undefined || !isScalable(desired.object)) return desired?.object
  const autoscaler = byTarget(objects).get(key)
  const status = autoscaler === undefined ? undefined : statuses.get(autoscaler.desired.key)?.status
  const replicas = desiredReplicas(status)
  return replicas === undefined ? desired.object : scaled(desired)(replicas).object
}

function desiredReplicas(status: unknown): number | undefined {
  if (typeof status !== 'object' || status === null || !('desiredReplicas' in status)) return undefined
  return typeof status.desiredReplicas === 'number' ? status.desiredReplicas : undefined
}

type Scalable = Extract<KubernetesObject, { readonly kind: (typeof SCALABLE)[number] }>

export function isScalable(object: KubernetesObject): object is Scalable {
  return SCALABLE.some((kind) => kind === object.kind)
}

/** The same object for the same number, since much is remembered by object. */
const scaled = memoised((desired: DesiredObject): ((replicas: number) => DesiredObject) => {
  const byCount = new Map<number, DesiredObject>()
  return (replicas) => {
    const known = byCount.get(replicas) ?? {
      ...desired,
      object: withReplicas(desired.object, replicas),
      written: withReplicas(desired.written, replicas),
    }
    byCount.set(replicas, known)
    return known
  }
})

export function withReplicas(object: KubernetesObject, replicas: number): KubernetesObject {
  if (object.kind === 'Deployment') return { ...object, spec: { ...object.spec, replicas } }
  if (object.kind === 'ReplicaSet') return { ...object, spec: { ...object.spec, replicas } }
  if (object.kind === 'StatefulSet') return { ...object, spec: { ...object.spec, replicas } }
  return object
}
