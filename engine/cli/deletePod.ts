import type { Plan } from '../api/plan.ts'
import type { PodUid } from '../api/names.ts'
import type { Snapshot } from '../api/snapshot.ts'
import { controllerOf } from '../api/owners.ts'
import { timestamp } from '../controllers/decision.ts'
import { withDeletion } from '../planner/actions.ts'
import { plan as planFor } from '../planner/plan.ts'
import { after } from '../reconciler/clock.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { type Ending, endPods } from './endPods.ts'
import type { Invocation } from './invocation.ts'
import type { ListedPod } from './pods.ts'
import { UserError } from './userError.ts'
import { EXIT, type World } from './world.ts'

export interface PodDeleting extends Omit<Ending, 'plan'> {
  /** Undefined: an engine runs. */
  readonly lock: () => Promise<AsyncDisposable | undefined>
}

/** How often a running engine is looked after: it tells nobody but its own caller what it does. */
const LOOK_EVERY_MS = 200

/** As `kubectl delete pod`. A running engine ends the pod, having found the deletion on record; without one it is ended here. */
export async function deletePod(
  pod: ListedPod,
  deleting: PodDeleting,
  invocation: Invocation,
  world: World,
): Promise<number> {
  const ended = await endedBy(pod, deleting, invocation, world)
  if (world.signal.aborted) return EXIT.interrupted
  const name = `${pod.namespace}/${pod.name}`
  if (ended === 'nobody') {
    const seconds = deleting.timeoutMs / 1000
    throw new UserError(
      `pod ${name} did not end within ${seconds} s: it is to go all the same; run reconcile delete ${name} again to go on`,
      { exitStatus: EXIT.failed },
    )
  }
  world.stdout.write(`pod ${name} is gone; ${successorText(pod, ended)}\n`)
  return EXIT.done
}

type EndedBy = 'us' | 'engine' | 'nobody'

async function endedBy(
  { uid, ...pod }: ListedPod,
  { lock, ...ending }: PodDeleting,
  invocation: Invocation,
  world: World,
): Promise<EndedBy> {
  const { clock, signal } = world
  const { runtime } = ending.machine
  const until = after(clock.now(), ending.timeoutMs)
  while (!signal.aborted && Temporal.Instant.compare(clock.now(), until) < 0) {
    // An engine that ran may have ended meanwhile.
    await using held = await lock()
    if (!(await askedToGo(uid, runtime, world))) return 'engine'
    if (held !== undefined) {
      const left = await endPods([{ uid, ...pod }], { ...ending, plan: planOf(uid) }, invocation, world)
      return left.length === 0 ? 'us' : 'nobody'
    }
    await clock.sleepUntil(after(clock.now(), LOOK_EVERY_MS), signal)
  }
  return 'nobody'
}

/**
 * On record, as the engine would have it. An engine that was about to write the same record may write over it, so it is looked at again.
 * False: the pod is gone.
 */
async function askedToGo(uid: PodUid, runtime: Runtime, { clock, signal }: World): Promise<boolean> {
  const listing = await runtime.inspect(uid, signal)
  if (listing === undefined) return false
  if (listing.record.pod.metadata.deletionTimestamp !== undefined) return true
  await runtime.writePodRecord(withDeletion(listing.record, timestamp(clock.now())), signal)
  await runtime.tell(uid, signal)
  return true
}

/** As if the machine had this pod alone: the others are none of our business. */
function planOf(uid: PodUid): (snapshot: Snapshot, now: Temporal.Instant) => Plan {
  return (snapshot, now) => {
    const nodes = [...snapshot.observed.nodes].map(([name, node]) => {
      const pods = new Map([...node.pods].filter(([each]) => each === uid))
      return [name, { ...node, pods }] as const
    })
    return planFor({ ...snapshot, records: new Map(), observed: { nodes: new Map(nodes) } }, now)
  }
}

function successorText({ listing, namespace }: ListedPod, endedBy: 'us' | 'engine'): string {
  const owner = controllerOf(listing.record.pod.metadata)
  const when = endedBy === 'engine' ? '' : ', with the next reconcile --once'
  if (owner === undefined) return `it is made again if the repository still has it${when}`
  return `${owner.kind} ${namespace}/${owner.name} makes another one if it wants one${when}`
}
