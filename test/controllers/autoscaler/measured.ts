import type { PodSpec } from '../../../engine/api/generated/types.ts'
import { nodeName, objectKey, podUid } from '../../../engine/api/names.ts'
import type { PodUsage } from '../../../engine/api/snapshot.ts'
import type { PodView } from '../../../engine/controllers/view.ts'

export const NOW_MS = Date.parse('2026-01-01T12:00:00Z')

export interface Like {
  /** Of the one container `app`. */
  readonly cpuMillis?: number
  readonly memoryBytes?: number
  /** `500m`; absent: none. */
  readonly request?: string
  readonly ready?: boolean
  readonly phase?: 'Pending' | 'Running' | 'Failed'
  readonly startedAgoSeconds?: number
  readonly readyAgoSeconds?: number
  readonly reachable?: boolean
  readonly deleting?: boolean
  readonly spec?: PodSpec
  readonly usage?: PodUsage
}

let count = 0

/** A pod of one container that has run for an hour and was measured a second ago over 15 s, unless something else is said. */
export function podLike(like: Like): PodView {
  count += 1
  const name = `pod-${count}`
  const { deleting = false, phase = 'Running', reachable = true, ready = true, request } = like
  const { readyAgoSeconds = 3500, startedAgoSeconds = 3600 } = like
  const requests = request === undefined ? {} : { resources: { requests: { cpu: request, memory: '1Gi' } } }
  const spec = like.spec ?? { containers: [{ name: 'app', image: 'app:1', ...requests }] }
  const usage = like.usage ?? usageOf(like)
  return {
    uid: podUid(name),
    key: objectKey('Pod', 'default', name),
    label: `default/${name}`,
    node: nodeName('local'),
    record: {
      recordVersion: 1,
      generation: 1,
      node: nodeName('local'),
      commit: 'c',
      pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec },
      conditions: [],
      containers: {},
    },
    status: {
      phase,
      startTime: ago(startedAgoSeconds),
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(readyAgoSeconds) },
      ],
    },
    reachable,
    busy: undefined,
    deleting,
    deletingOnRecord: false,
    evicted: false,
    givenUp: false,
    finished: phase === 'Failed',
    ready: ready && reachable,
    serving: ready,
    readyOnRecord: ready,
    health: { kind: 'healthy' },
    ...(usage !== undefined && { usage }),
  }
}

function usageOf({ cpuMillis, memoryBytes }: Like): PodUsage | undefined {
  if (cpuMillis === undefined && memoryBytes === undefined) return undefined
  const used = { cpuMillis: cpuMillis ?? 0, memoryBytes: memoryBytes ?? 0 }
  return { at: ago(1), windowMs: 15_000, containers: new Map([['app', used]]) }
}

export function ago(seconds: number): string {
  return new Date(NOW_MS - seconds * 1000).toISOString()
}
