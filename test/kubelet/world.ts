import type { Container, KubernetesObject, PodSpec } from '../../engine/api/generated/types.ts'
import { nodeName, type ObjectKey, objectKey, podUid } from '../../engine/api/names.ts'
import type { Failure, PodRecord } from '../../engine/api/records.ts'
import type {
  ContainerExit,
  ContainerState,
  Desired,
  DesiredObject,
  ObservedContainer,
  ObservedNode,
  ObservedPod,
  ProbeKey,
  ProbeTally,
} from '../../engine/api/snapshot.ts'
import { withDefaults } from '../../engine/api/defaults/objects.ts'
import type { PodContext } from '../../engine/kubelet/context.ts'

export const CREATED = '2026-01-01T00:00:00Z'
export const UID = podUid('11111111-2222-8333-a444-555555555555')

/** Seconds after the pod's creation. */
export function at(seconds: number): string {
  return now(seconds).toString()
}

export function now(seconds: number): Temporal.Instant {
  return Temporal.Instant.from(CREATED).add({ milliseconds: Math.round(seconds * 1000) })
}

export function container(name: string, more: Partial<Container> = {}): Container {
  return { name, image: 'busybox:1.36', ...more }
}

export function record(spec: Partial<PodSpec> = {}, more: Partial<PodRecord> = {}): PodRecord {
  return {
    recordVersion: 1,
    generation: 1,
    node: nodeName('local'),
    commit: 'c0ffee',
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default', uid: UID, creationTimestamp: CREATED },
      spec: { containers: [container('app')], ...spec },
    },
    conditions: [],
    containers: {},
    ...more,
  }
}

/** The record of a pod that was asked to go `seconds` after its creation. */
export function deletedRecord(
  spec: Partial<PodSpec>,
  seconds: number,
  more: Partial<PodRecord> = {},
): PodRecord {
  const base = record(spec, more)
  const { terminationGracePeriodSeconds = 30 } = base.pod.spec
  const metadata = {
    ...base.pod.metadata,
    deletionTimestamp: at(seconds),
    deletionGracePeriodSeconds: terminationGracePeriodSeconds,
  }
  return { ...base, pod: { ...base.pod, metadata } }
}

type States = Readonly<Record<string, ContainerState | ObservedContainer>>

export function observed(
  podRecord: PodRecord,
  states: States = {},
  more: Partial<Omit<ObservedPod, 'record' | 'containers'>> = {},
): ObservedPod {
  const containers = Object.entries(states).map(([name, state]): [string, ObservedContainer] => [
    name,
    'state' in state ? state : attempt(name, 0, state),
  ])
  return {
    record: podRecord,
    sandbox: 'ready',
    ip: '10.244.0.7',
    containers: new Map(containers),
    probes: new Map(),
    failures: new Map(),
    ...more,
  }
}

export function attempt(
  name: string,
  number: number,
  state: ContainerState,
  previous?: ContainerExit,
): ObservedContainer {
  const image = { id: 'sha256:abc', reference: 'docker.io/library/busybox@sha256:def' }
  return { name, attempt: number, state, image, ...(previous !== undefined && { previous }) }
}

export function running(seconds = 1): ContainerState {
  return { kind: 'running', startedAt: at(seconds) }
}

export function exit(exitCode: number, more: Partial<ContainerExit> = {}): ContainerExit {
  return {
    attempt: 0,
    exitCode,
    oomKilled: false,
    startedAt: at(1),
    finishedAt: at(2),
    startFailed: false,
    ...more,
  }
}

export function exited(
  exitCode: number,
  restartAt?: number,
  more: Partial<ContainerExit> = {},
): ContainerState {
  return {
    kind: 'exited',
    exit: exit(exitCode, more),
    ...(restartAt !== undefined && { restartAt: at(restartAt) }),
  }
}

export function tally(succeeded: boolean, inARow: number, more: Partial<ProbeTally> = {}): ProbeTally {
  const message = succeeded ? '' : 'connection refused'
  return { attempt: 0, lastAt: at(5), lastSucceeded: succeeded, inARow, message, ...more }
}

export function tallies(entries: Readonly<Record<ProbeKey, ProbeTally>>): ReadonlyMap<ProbeKey, ProbeTally> {
  return new Map(Object.entries(entries).map(([key, value]) => [key as ProbeKey, value]))
}

export function node(more: Partial<ObservedNode> = {}): ObservedNode {
  return {
    name: nodeName('local'),
    reachable: true,
    since: CREATED,
    info: {
      node: nodeName('local'),
      runtime: 'oci',
      bootId: 'boot',
      addresses: ['192.0.2.1', 'fd00::1'],
      cpuMillis: 4000,
      memoryBytes: 8 * 1024 ** 3,
      podsMax: 110,
      warnings: [],
    },
    pods: new Map(),
    ...more,
  }
}

export function desired(...objects: readonly KubernetesObject[]): Desired {
  const entries = objects.map((written): [ObjectKey, DesiredObject] => {
    const key = objectKey(
      written.kind,
      written.metadata?.namespace ?? 'default',
      written.metadata?.name ?? '',
    )
    const position = { file: 'test.yaml', line: 1, column: 1 }
    return [key, { key, written, object: withDefaults(written), position }]
  })
  const cluster = { apiVersion: 'reconcile.dev/v1', kind: 'Cluster', metadata: { name: 'test' } } as const
  return { commit: 'c0ffee', cluster, nodes: [], objects: new Map(entries) }
}

const DESIRED = desired()
const NODE = node()

export function context(seconds: number, more: Partial<PodContext> = {}): PodContext {
  return { now: now(seconds), node: NODE, desired: DESIRED, ...more }
}

/** The last of so many, 100 s after the pod was made. */
export function failure(reason: string, count: number, more: Partial<Failure> = {}): Failure {
  return { reason, message: 'no luck', count, lastAt: at(100), certain: false, ...more }
}
