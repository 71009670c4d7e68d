import type { Pod, PodStatus } from '../api/generated/types.ts'
import { OVER_RESERVED } from '../api/allocatable.ts'
import { podSpecWithDefaults } from '../api/defaults/pod.ts'
import type { ObjectKey } from '../api/names.ts'
import { nodeKey } from '../api/nodeRecords.ts'
import type { Health, StatusReport } from '../api/plan.ts'
import type { Decision } from '../controllers/decision.ts'
import type { PodView } from '../controllers/view.ts'
import { knownNodes } from './knownNodes.ts'
import { type Pending, pendingReport, type Placements } from './place.ts'
import { quotaReports } from './quotas.ts'
import { Statuses } from './statuses.ts'
import type { World } from './world.ts'
import type { WorldPod } from './worldPods.ts'

/** Objects by decision, Services, then pods by key; of pods the whole object, since those of a Deployment are in no commit. */
export function reportsOf(
  decisions: readonly Decision[],
  { pending }: Placements,
  services: ReadonlyMap<ObjectKey, StatusReport>,
  world: World,
): ReadonlyMap<ObjectKey, StatusReport> {
  const reports = new Map<ObjectKey, StatusReport>()
  for (const { reports: own } of decisions) for (const report of own) reports.set(report.key, report)
  for (const desired of world.snapshot.desired.objects.values()) {
    if (desired.object.kind !== 'Namespace') continue
    reports.set(desired.key, { key: desired.key, health: { kind: 'healthy' }, status: { phase: 'Active' } })
  }
  for (const { name, overReserved } of knownNodes(world.snapshot)) {
    if (overReserved.length === 0) continue
    const health: Health = { kind: 'failed', reason: OVER_RESERVED, message: overReserved.join('; ') }
    reports.set(nodeKey(name), { key: nodeKey(name), health, status: {} })
  }
  for (const report of quotaReports(world.snapshot.desired)) reports.set(report.key, report)
  const all = new Statuses([reports, services], world.pods, keyOfPod, reportOfPod)
  for (const one of pending) addPending(one, reports, (key) => all.has(key))
  return all
}

function keyOfPod({ view }: WorldPod): ObjectKey {
  return view.key
}

function reportOfPod({ memo, view }: WorldPod): StatusReport {
  memo.report ??= new PodReport(view)
  return memo.report
}

/** A class for speed: the whole Pod is made when it is asked for, and a plan of 10,000 pods is seldom looked at as a whole. */
class PodReport implements StatusReport {
  readonly key: ObjectKey
  readonly health: Health
  readonly status: PodStatus
  readonly #pod: PodView

  constructor(pod: PodView) {
    this.#pod = pod
    this.key = pod.key
    this.health = healthOf(pod)
    this.status = pod.status
  }

  get object(): Pod {
    const { node, record, status } = this.#pod
    const { metadata, spec } = record.pod
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { ...podSpecWithDefaults(spec), nodeName: node },
      status,
    }
  }

  toJSON(): StatusReport {
    const { health, key, object, status } = this
    return { key, health, status, object }
  }
}

const REMOVED: Health = { kind: 'progressing', message: 'is being removed' }

function healthOf({ deleting, health, node, reachable }: PodView): Health {
  if (!reachable) return { kind: 'progressing', message: `node ${node} does not answer` }
  return deleting ? REMOVED : health
}

/** The object that wants the pod says why it does not come to be; under the pod's own key stands what is there, if anything is. */
function addPending(
  pending: Pending,
  reports: Map<ObjectKey, StatusReport>,
  isThere: (key: ObjectKey) => boolean,
): void {
  const { message, object, wish } = pending
  if (!isThere(wish.key)) reports.set(wish.key, pendingReport(pending))
  const owner = reports.get(object)
  if (owner?.health.kind !== 'progressing' || object === wish.key) return
  if (owner.health.message.includes(message)) return
  const health: Health = { kind: 'progressing', message: `${owner.health.message}; ${message}` }
  reports.set(object, { ...owner, health })
}
