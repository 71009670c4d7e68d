import { keyParts, type ObjectKey } from '../api/names.ts'
import type { Health, LeftAlone, PodVerdict, StatusReport } from '../api/plan.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import { syncMemory, syncSettings } from '../api/sync.ts'
import { canBeLeftAlone, ownSyncMode, type SyncMode } from '../api/syncAnnotations.ts'
import { type Decision, nothing, type PodNote } from '../controllers/decision.ts'
import { memoised } from '../api/memo.ts'
import { autoscalersOf } from './autoscale.ts'
import { topOfRecord } from './running.ts'

/** Why nothing is done about an object, and of which object that was said. */
export interface Hands extends Pick<LeftAlone, 'by' | 'since'> {
  readonly top: ObjectKey
}

type Off = (object: ObjectKey) => Hands | undefined

/** The objects that are suspended or only looked at, with what was made from them, and the autoscalers whose target is one of them. */
export class HandsOff {
  readonly #of: Off
  readonly #known = new Map<ObjectKey, Hands | undefined>()
  readonly #would = new Map<ObjectKey, { readonly hands: Hands; readonly would: string[] }>()

  constructor(snapshot: Snapshot) {
    this.#of = offBy(snapshot)
  }

  /** Whether there is any such object. */
  get any(): boolean {
    return this.#of !== NOBODY
  }

  of(object: ObjectKey): Hands | undefined {
    if (this.#of === NOBODY) return undefined
    return this.#known.getOrInsertComputed(object, this.#of)
  }

  /** Remembers what would be done about it; the words for whoever asks about the pod. */
  wouldDo(hands: Hands, what: string): string {
    const entry = this.#would.getOrInsertComputed(hands.top, () => ({ hands, would: [] }))
    entry.would.push(what)
    return `${wordOf(hands)}: ${what}`
  }

  /** By object: all that are left alone, also those about which nothing would be done. */
  all(objects: Iterable<ObjectKey>): ReadonlyMap<ObjectKey, LeftAlone> {
    if (this.#of === NOBODY) return new Map()
    const found = new Map<ObjectKey, LeftAlone>()
    for (const object of new Set([...objects, ...this.#would.keys()])) {
      const hands = this.of(object)
      if (hands === undefined || hands.top !== object) continue
      const { by, since } = hands
      const would = this.#would.get(object)?.would ?? []
      found.set(object, { by, would, ...(since !== undefined && { since }) })
    }
    return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
}

const NOBODY: Off = () => undefined

function offBy({ desired, records }: Snapshot): Off {
  // Who takes everything down means these as well.
  if (desired.keepsClaims === true) return NOBODY
  const suspended = new Map(syncMemory(records).suspended.map(({ object, since }) => [object, since]))
  const own = ownModes(desired.objects)
  const { mode } = syncSettings(desired.cluster)
  if (suspended.size === 0 && mode === 'heal' && ![...own.values()].includes('detect')) return NOBODY
  const targets = new Map(autoscalersOf(desired.objects).map((one) => [one.desired.key, one.target]))
  const handsOn = (top: ObjectKey): Hands | undefined => {
    const since = suspended.get(top)
    if (since !== undefined) return { top, by: 'suspended', since }
    return (own.get(top) ?? mode) === 'detect' && canBeLeftAlone(keyParts(top).kind)
      ? { top, by: 'detect' }
      : undefined
  }
  return (object) => {
    const record = records.get(object)
    const top = record === undefined || desired.objects.has(object) ? object : topOfRecord(record, records)
    const target = targets.get(top)
    return handsOn(top) ?? (target === undefined ? undefined : withTop(handsOn(target), top))
  }
}

function withTop(hands: Hands | undefined, top: ObjectKey): Hands | undefined {
  return hands && { ...hands, top }
}

const ownModes = memoised((objects: Desired['objects']): ReadonlyMap<ObjectKey, SyncMode> => {
  const found = new Map<ObjectKey, SyncMode>()
  for (const { key, written } of objects.values()) {
    const mode = ownSyncMode(written)
    if (mode !== undefined) found.set(key, mode)
  }
  return found
})

function wordOf({ by }: Hands): string {
  return by === 'suspended' ? 'suspended' : 'detect mode'
}

export interface Withheld {
  readonly decisions: readonly Decision[]
  /** Of pods that would be made. */
  readonly verdicts: readonly PodVerdict[]
}

/** Before anything is placed: what is decided about objects that are left alone is said and not done, and takes no room from others. */
export function withhold(decisions: readonly Decision[], off: HandsOff): Withheld {
  if (!off.any) return { decisions, verdicts: [] }
  const verdicts: PodVerdict[] = []
  const left = decisions.map((decision) => {
    const hands = off.of(decision.object)
    return hands === undefined ? decision : untouched(decision, hands, off, verdicts)
  })
  return { decisions: left, verdicts }
}

function untouched(decision: Decision, hands: Hands, off: HandsOff, verdicts: PodVerdict[]): Decision {
  const { changes, creates, deletes, notes, object, reports, requeueAtMs, updates } = decision
  for (const { label, reason, uid } of creates) {
    const words = off.wouldDo(hands, `would create ${label}: ${reason}`)
    verdicts.push({ uid, pod: label, object, bucket: 'wait', reason: words })
  }
  const note = (verb: string, { pod, reason }: Pick<PodNote, 'pod' | 'reason'>): PodNote => ({
    pod,
    bucket: 'wait',
    reason: off.wouldDo(hands, `would ${verb} ${pod.label}: ${reason}`),
  })
  const said = [...deletes.map((one) => note('delete', one)), ...updates.map((one) => note('change', one))]
  return { ...nothing(object), changes, reports, requeueAtMs, notes: [...notes, ...said] }
}

/** Data of claims that would go; what is only written about a claim is written. */
export function withholdClaims(decisions: readonly Decision[], off: HandsOff): readonly Decision[] {
  if (!off.any) return decisions
  return decisions.map((decision) => {
    const hands = off.of(decision.object)
    if (hands === undefined || decision.records.every(({ kind }) => kind === 'writeRecord')) return decision
    for (const action of decision.records) {
      if (action.kind !== 'writeRecord')
        off.wouldDo(hands, `would delete ${decision.object}: ${action.reason}`)
    }
    return { ...decision, records: decision.records.filter(({ kind }) => kind === 'writeRecord') }
  })
}

/** Drift that nobody mends is told as a failure: whoever waits need not wait for it. Who is suspended is not waited for at all. */
export function withDrift(
  decisions: readonly Decision[],
  left: ReadonlyMap<ObjectKey, LeftAlone>,
): readonly Decision[] {
  if (left.size === 0) return decisions
  return decisions.map((decision) => {
    const found = left.get(decision.object)
    if (found === undefined) return decision
    return { ...decision, reports: decision.reports.map((report) => told(report, decision.object, found)) }
  })
}

const WOULD_MAX = 3

function told(report: StatusReport, object: ObjectKey, { by, would }: LeftAlone): StatusReport {
  if (would.length === 0 || report.key !== object) return report
  const more = would.length > WOULD_MAX ? `; and ${would.length - WOULD_MAX} more` : ''
  const what = `${would.slice(0, WOULD_MAX).join('; ')}${more}`
  const health: Health =
    by === 'detect'
      ? {
          kind: 'failed',
          reason: 'Drifted',
          message: `differs from the commit and is left as it is: ${what}`,
        }
      : { kind: 'progressing', message: `suspended: ${what}` }
  return { ...report, health }
}
