import type { NodeName, PodUid } from '../../engine/api/names.ts'
import { nodeName, objectKey, podUid } from '../../engine/api/names.ts'
import type { CreatePod, PodAction, StartContainers, UpdatePod } from '../../engine/api/plan.ts'
import type { PodRecord } from '../../engine/api/records.ts'
import type { ContainerState, ObservedContainer } from '../../engine/api/snapshot.ts'
import type { PodListing } from '../../engine/runtimes/runtime.ts'

export const NODE: NodeName = nodeName('local')
export const START = '2026-01-01T00:00:00Z'

export function uidOf(name: string): PodUid {
  return podUid(`uid-${name}`)
}

export function recordOf(name: string, generation = 1): PodRecord {
  return {
    recordVersion: 1,
    generation,
    node: NODE,
    commit: 'c',
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', uid: uidOf(name), creationTimestamp: START },
      spec: { containers: [{ name: 'app', image: 'app:1' }] },
    },
    conditions: [],
    containers: {},
  }
}

export function listingOf(name: string, more: Partial<PodListing> = {}): PodListing {
  return { record: recordOf(name), sandbox: 'ready', containers: new Map(), ...more }
}

export function containerIn(state: ContainerState, attempt = 0): ReadonlyMap<string, ObservedContainer> {
  return new Map([['app', { name: 'app', attempt, state, image: { id: 'sha256:1', reference: 'app:1' } }]])
}

const RUNNING: ContainerState = { kind: 'running', startedAt: START }

export function runningListing(name: string, attempt = 0): PodListing {
  return listingOf(name, { containers: containerIn(RUNNING, attempt) })
}

function about(name: string): Omit<UpdatePod, 'kind' | 'record'> {
  return {
    node: NODE,
    uid: uidOf(name),
    pod: `default/${name}`,
    object: objectKey('Pod', 'default', name),
    reason: 'test',
  }
}

export function createPod(name: string): CreatePod {
  return { kind: 'createPod', ...about(name), record: recordOf(name) }
}

export function updatePod(name: string, generation: number): UpdatePod {
  return { kind: 'updatePod', ...about(name), record: recordOf(name, generation) }
}

export function startContainers(name: string, attempt = 0): StartContainers {
  return { kind: 'startContainers', ...about(name), containers: [{ name: 'app', attempt }] }
}

export function deletePod(name: string): PodAction {
  return { kind: 'deletePod', ...about(name), record: deletedRecord(name) }
}

export function removePod(name: string): PodAction {
  return { kind: 'removePod', ...about(name) }
}

export function deletedRecord(name: string): PodRecord {
  const record = recordOf(name, 2)
  const metadata = { ...record.pod.metadata, deletionTimestamp: START, deletionGracePeriodSeconds: 30 }
  return { ...record, pod: { ...record.pod, metadata } }
}
