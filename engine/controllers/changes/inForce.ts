import { withDefaults } from '../../api/defaults/objects.ts'
import type { KubernetesObject } from '../../api/generated/types.ts'
import type { ObjectRecord } from '../../api/records.ts'
import type { WorkloadInput } from '../decision.ts'
import { type ImmutableChange, immutableChanges } from './immutable.ts'
import { memoised } from '../../api/memo.ts'

/** The spec by which an object is run: the commit's, or the one on record while the commit's is one that Kubernetes refuses. */
export interface InForce<T> {
  /** With defaults. */
  readonly object: T
  readonly written: T
  /** Empty when the commit's is in force. */
  readonly refused: readonly ImmutableChange[]
}

/** A change is refused as a whole, as an API server does: what else the commit changes of the object does not come into force either. */
export function inForce<T extends KubernetesObject & { readonly spec: unknown }>(
  { object, record, written }: WorkloadInput<T>,
  isSame: (object: KubernetesObject) => object is T,
): InForce<T> {
  if (record?.object.spec === undefined) return { object, written, refused: [] }
  const refused = immutableChanges(object.kind, record.object, written)
  if (refused.length === 0) return { object, written, refused }
  const old = recorded(record)
  if (old === undefined || !isSame(old.object) || !isSame(old.written))
    return { object, written, refused: [] }
  return { object: old.object, written: old.written, refused }
}

interface Recorded {
  readonly object: KubernetesObject
  readonly written: KubernetesObject
}

/** What stands on record was validated when it came. */
const recorded = memoised(({ object }: ObjectRecord): Recorded | undefined => {
  const { apiVersion, kind, metadata, spec } = object
  const written: unknown = { apiVersion, kind, metadata, spec }
  return isKubernetes(written) ? { written, object: withDefaults(written) } : undefined
})

function isKubernetes(value: unknown): value is KubernetesObject {
  return typeof value === 'object' && value !== null && 'spec' in value && typeof value.spec === 'object'
}
