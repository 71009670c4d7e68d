import type { Pod } from '../api/generated/types.ts'
import { podSpecWithDefaults } from '../api/defaults/pod.ts'
import type { ObjectKey } from '../api/names.ts'
import type { Health, StatusReport } from '../api/plan.ts'
import type { Decision } from '../controllers/decision.ts'
import { type Pending, pendingReport, type Placements } from './place.ts'
import type { World, WorldPod } from './world.ts'

/** Objects by decision, then pods by key; of pods the whole object, since those of a Deployment are in no commit. */
export function reportsOf(
  decisions: readonly Decision[],
  { pending }: Placements,
  world: World,
): ReadonlyMap<ObjectKey, StatusReport> {
  const reports = new Map<ObjectKey, StatusReport>()
  for (const { reports: own } of decisions) for (const report of own) reports.set(report.key, report)
  for (const desired of world.snapshot.desired.objects.values()) {
    if (desired.object.kind !== 'Namespace') continue
    reports.set(desired.key, { key: desired.key, health: { kind: 'healthy' }, status: { phase: 'Active' } })
  }
  for (const pod of world.pods) reports.set(pod.view.key, podReport(pod))
  for (const one of pending) addPending(one, reports)
  return reports
}

function podReport({ view }: WorldPod): StatusReport {
  const { health, key, node, record, status } = view
  return {
    key,
    health: healthOf(view.deleting, view.reachable, node, health),
    status,
    // Made when it is asked for: a plan of 10,000 pods is looked at as a whole only by `status -o json`.
    get object(): Pod {
      const { metadata, spec } = record.pod
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata,
        spec: { ...podSpecWithDefaults(spec), nodeName: node },
        status,
      }
    },
  }
}

const REMOVED: Health = { kind: 'progressing', message: 'is being removed' }

function healthOf(deleting: boolean, reachable: boolean, node: string, health: Health): Health {
  if (!reachable) return { kind: 'progressing', message: `node ${node} does not answer` }
  return deleting ? REMOVED : health
}

/** The object that wants the pod says why it does not come to be; under the pod's own key stands what is there, if anything is. */
function addPending(pending: Pending, reports: Map<ObjectKey, StatusReport>): void {
  const { message, object, wish } = pending
  if (!reports.has(wish.key)) reports.set(wish.key, pendingReport(pending))
  const owner = reports.get(object)
  if (owner?.health.kind !== 'progressing' || object === wish.key) return
  if (owner.health.message.includes(message)) return
  const health: Health = { kind: 'progressing', message: `${owner.health.message}; ${message}` }
  reports.set(object, { ...owner, health })
}
