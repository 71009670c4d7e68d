import type { KubernetesObject, PodStatus } from '../api/generated/types.ts'
import type { Plan, StatusReport } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { Snapshot } from '../api/snapshot.ts'
import { scaledObject } from './autoscale.ts'

/** What an API server would hand out: the commit's objects with their status, then what was made from them, pods among it. */
export function officialObjects(plan: Plan, { desired, records }: Snapshot): readonly KubernetesObject[] {
  const written = [...desired.objects.values()].flatMap(({ key, object }) => {
    const report = plan.statuses.get(key)
    if (report?.object !== undefined) return []
    const shown: unknown = withStatus(scaledObject(key, plan, desired) ?? object, records.get(key), report)
    return isOfficial(shown) ? [shown] : []
  })
  const derived = [...plan.statuses.values()].flatMap(({ object }) => (isOfficial(object) ? [object] : []))
  return [...written, ...derived]
}

/** Of a Pod that there is room for, and that is not on its node yet. */
const TO_BE_MADE: PodStatus = { phase: 'Pending' }

function withStatus(
  object: KubernetesObject,
  record: ObjectRecord | undefined,
  report: StatusReport | undefined,
): unknown {
  const { uid, creationTimestamp, generation } = record?.object.metadata ?? {}
  const status = report?.status ?? (object.kind === 'Pod' ? TO_BE_MADE : undefined)
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(uid === undefined ? {} : { uid }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(generation === undefined ? {} : { generation }),
    },
    ...(status === undefined ? {} : { status }),
  }
}

/** A status is the official one of its object's kind: StatusReport says so. */
function isOfficial(object: unknown): object is KubernetesObject {
  return typeof object === 'object' && object !== null && 'kind' in object && 'metadata' in object
}
