import { type ObjectKey, objectText } from '../api/names.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import { type HeldCommit, type Losses, SYNC_DEFAULTS, syncMemory, syncSettings } from '../api/sync.ts'
import { isKept } from './kept.ts'
import { hasRunning, runningObjects, topOfRecord } from './running.ts'

export interface Candidate {
  /** `objects` is empty when the folder that is read is not in the commit. */
  readonly desired: Pick<Desired, 'cluster' | 'commit' | 'objects'>
  /** The folder that is read is not in the commit. */
  readonly pathGone?: true
}

/** Of nodes that were not read yet, what is on record of them: as `withLosses` has it. */
export interface Current extends Pick<Snapshot, 'observed' | 'records'> {
  /** Of the commit in force, where it is known: what it has not is on its way out already, and does not count. */
  readonly inForce?: Desired['objects']
}

export type Judgement = { readonly kind: 'accepted' } | ({ readonly kind: 'held' } & Omit<HeldCommit, 'at'>)

const ACCEPTED: Judgement = { kind: 'accepted' }

/**
 * Whether a commit may be put in force: one that would delete too much is held until somebody has said that it is meant so. What counts as
 * too much is for the commit in force to say, so that no commit opens its own gate. The first one of a root deletes nothing, and passes.
 */
export function judgeCommit(candidate: Candidate, current: Current): Judgement {
  const { cluster, commit, objects } = candidate.desired
  const { approved, inForce } = syncMemory(current.records)
  if (commit !== 'uncommitted' && (approved?.commit === commit || inForce?.commit === commit)) return ACCEPTED
  // Nothing is deleted while everything is left alone; the commit that ends this is judged for what it deletes then.
  if (syncSettings(cluster).mode === 'detect') return ACCEPTED
  const counted = countedObjects(current)
  const losses = lossesOf(counted, objects, current)
  if (losses.objects.length === 0 && losses.data.length === 0) return ACCEPTED
  const most = inForce?.maxDeletePercent ?? SYNC_DEFAULTS.maxDeletePercent
  const reasons = [
    ...(candidate.pathGone === true ? ['the folder that is read is not in the commit'] : []),
    ...(candidate.pathGone !== true && objects.size === 0 ? ['the commit has no objects at all'] : []),
    ...shareReason(losses.objects.length, counted.size, most),
    ...unreadReasons(current),
  ]
  return reasons.length === 0 ? ACCEPTED : { kind: 'held', commit, reasons, ...losses }
}

/** Those that run; and where nobody knows all that runs, also those that are to. */
function countedObjects(current: Current): ReadonlySet<ObjectKey> {
  const { inForce } = current
  const running = runningObjects(current)
  if (inForce === undefined || syncMemory(current.records).inForce?.detects === true) return running
  const wanted = [...running].filter((key) => inForce.has(key))
  return new Set(
    unreadReasons(current).length === 0 ? wanted : [...wanted, ...[...inForce.keys()].filter(hasRunning)],
  )
}

function lossesOf(counted: ReadonlySet<ObjectKey>, objects: Desired['objects'], current: Current): Losses {
  const { inForce, records } = current
  const isLost = (key: ObjectKey): boolean => !objects.has(key) && !isKept(key, { inForce, records })
  const lost = [...counted].filter(isLost).toSorted()
  const gone = new Set(lost)
  const data = [...records.values()].filter((record) => {
    if (record.object.kind !== 'PersistentVolumeClaim') return false
    return gone.has(topOfRecord(record, records))
  })
  return { objects: lost, data: data.map(({ key }) => key).toSorted() }
}

function shareReason(lost: number, counted: number, most: number): readonly string[] {
  if (lost * 100 <= most * counted) return []
  const share = Math.ceil((lost * 100) / counted)
  return [
    `it would delete ${lost} of ${counted} running objects, which is ${share} %, and spec.sync.maxDeletePercent in force is ${most}`,
  ]
}

/** What a node has that was never read may be much more. */
function unreadReasons({ observed }: Current): readonly string[] {
  return [...observed.nodes.values()]
    .filter(({ unlisted }) => unlisted === true)
    .map(({ name }) => `it would delete objects, and what runs on node ${name} is not known`)
    .toSorted()
}

/** A line each, for people: what a held commit would delete. */
export function lossLines({ data, objects }: Losses): readonly string[] {
  const claims = new Set(data)
  const others = data.filter((key) => !objects.includes(key))
  return [
    ...objects.map((key) => (claims.has(key) ? `${objectText(key)}, with its data` : objectText(key))),
    ...others.map((key) => `${objectText(key)}, with its data: it goes with its owner`),
  ]
}
