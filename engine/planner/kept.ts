import { canonicalJson } from '../api/canonical.ts'
import { withDefaults } from '../api/defaults/objects.ts'
import type { KubernetesObject } from '../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../api/names.ts'
import { type ObjectRecord, RECORD_VERSION } from '../api/records.ts'
import type { Desired, DesiredObject, Snapshot, SourcePosition } from '../api/snapshot.ts'
import { syncMemory } from '../api/sync.ts'
import { isNeverPruned, outlivesItsManifest, PRUNE, SYNC_MODE } from '../api/syncAnnotations.ts'
import { type Decision, nothing } from '../controllers/decision.ts'
import { memoised } from '../api/memo.ts'
import { inOrder } from './inOrder.ts'
import type { World } from './world.ts'

type Records = ReadonlyMap<ObjectKey, ObjectRecord>

/** What is remembered of an object that may outlive its manifest. Secrets never: their data is in no record. */
interface KeptSpec {
  readonly written: KubernetesObject
  readonly position: SourcePosition
}

const added = new WeakMap<
  Desired,
  { readonly records: Records; readonly kept: readonly DesiredObject[]; readonly desired: Desired }
>()

/**
 * The commit with those objects that have left it and are never pruned, or are only looked at: they are wanted as they were last written, so
 * all that holds for objects of the commit holds for them. The same answer for the same records, so that what is remembered by commit counts.
 */
export function withKept(desired: Desired, records: Records): Desired {
  // Who takes everything down means these as well.
  if (desired.keepsClaims === true) return desired
  const before = added.get(desired)
  if (before?.records === records) return before.desired
  const kept = keptObjects(records).filter(({ key }) => !desired.objects.has(key))
  const isSame =
    before !== undefined &&
    before.kept.length === kept.length &&
    before.kept.every((one, i) => one === kept[i])
  const result = isSame ? before.desired : wholeOf(desired, kept)
  added.set(desired, { records, kept, desired: result })
  return result
}

function wholeOf(desired: Desired, kept: readonly DesiredObject[]): Desired {
  if (kept.length === 0) return desired
  return { ...desired, objects: new Map([...desired.objects, ...kept.map((one) => [one.key, one] as const)]) }
}

export const keptObjects = memoised((records: Records): readonly DesiredObject[] => {
  const found = [...records.values()].flatMap((record) => keptObject(record) ?? [])
  return inOrder(found, ({ key }) => key)
})

const keptObject = memoised((record: ObjectRecord): DesiredObject | undefined => {
  const { kind, spec } = record.object
  if (kind !== 'Kept' || !isKeptSpec(spec)) return undefined
  const { position, written } = spec
  const key = objectKey(written.kind, written.metadata?.namespace, written.metadata?.name ?? '')
  return { key, written, object: withDefaults(written), position }
})

/** Nobody but `keepDecisions` writes it. */
function isKeptSpec(spec: unknown): spec is KeptSpec {
  return typeof spec === 'object' && spec !== null && 'written' in spec && 'position' in spec
}

function keptKey(key: ObjectKey): ObjectKey {
  const { kind, name, namespace } = keyParts(key)
  return objectKey('Kept', namespace, `${kind}.${name}`)
}

const outliving = memoised((objects: Desired['objects']): readonly DesiredObject[] =>
  inOrder(
    [...objects.values()].filter(({ written }) => written.kind !== 'Secret' && outlivesItsManifest(written)),
    ({ key }) => key,
  ),
)

/** `commit`: the objects of the commit itself. What it has and does not keep any more is forgotten. */
export function keepDecisions(commit: Desired, { context, snapshot }: World): readonly Decision[] {
  const { records } = snapshot
  const found = outliving(commit.objects)
  const keepers = new Set(found.map(({ key }) => key))
  const writes = found.flatMap((desired): readonly Decision[] => {
    const key = keptKey(desired.key)
    const before = records.get(key)
    const { position, written } = desired
    if (before !== undefined && isWritten(before, written)) return []
    const { name, namespace } = keyParts(key)
    const spec: KeptSpec = { written, position }
    const record: ObjectRecord = {
      recordVersion: RECORD_VERSION,
      generation: (before?.generation ?? 0) + 1,
      key,
      commit: context.commit,
      object: { apiVersion: 'reconcile.dev/v1', kind: 'Kept', metadata: { name, namespace }, spec },
    }
    const reason = 'it outlives its manifest'
    return [{ ...nothing(key), records: [{ kind: 'writeRecord', object: key, record, reason }] }]
  })
  const dropped = keptObjects(records)
    .filter(({ key }) => commit.objects.has(key) && !keepers.has(key))
    .map(({ key: kept }): Decision => {
      const key = keptKey(kept)
      const reason = 'it does not outlive its manifest any more'
      return { ...nothing(key), records: [{ kind: 'deleteRecord', object: key, key, reason }] }
    })
  return [...writes, ...dropped]
}

function isWritten({ object }: ObjectRecord, written: KubernetesObject): boolean {
  return isKeptSpec(object.spec) && canonicalJson(object.spec.written) === canonicalJson(written)
}

export interface KeptQuestion extends Pick<Snapshot, 'records'> {
  /** Of the commit in force, where it is known. */
  readonly inForce?: Desired['objects'] | undefined
}

/** Whether this object would stay if it left the repository. */
export function isKept(key: ObjectKey, { inForce, records }: KeptQuestion): boolean {
  const written = inForce?.get(key)?.written
  if (written !== undefined && written.kind !== 'Secret' && outlivesItsManifest(written)) return true
  if (records.has(keptKey(key))) return true
  return syncMemory(records).suspended.some(({ object }) => object === key)
}

/** Why objects that the commit has not are there. */
export function keptReasons(commit: Desired, whole: Desired): ReadonlyMap<ObjectKey, string> {
  const kept = [...whole.objects.values()].filter(({ key }) => !commit.objects.has(key))
  return new Map(kept.map(({ key, written }) => [key, keptReason(written)]))
}

function keptReason(written: KubernetesObject): string {
  const because = isNeverPruned(written) ? `${PRUNE}: "false"` : `${SYNC_MODE}: detect`
  return `no longer in the repository, kept because of ${because}`
}
