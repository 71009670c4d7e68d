import { keyParts } from '../../api/names.ts'
import type { Health } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import type { DesiredObject } from '../../api/snapshot.ts'
import type { ControllerContext, Decision } from '../decision.ts'
import { removalDecision } from '../gc.ts'
import { type ImmutableChange, invalidMessage } from './immutable.ts'
import type { PodView } from '../view.ts'

/** `"true"` on an object of the commit: where Kubernetes forbids a change, the object is deleted and made anew. */
export const REPLACE = 'reconcile.dev/replace'

export interface Replaced {
  readonly desired: DesiredObject
  /** Not empty. */
  readonly changes: readonly ImmutableChange[]
  /** All that the object has, those that end and have ended included. */
  readonly pods: readonly PodView[]
  /** Its own and its children's, children before their owner. */
  readonly records: readonly ObjectRecord[]
}

/**
 * The old object goes, and then the new one comes as if it had never been there: first all pods, then the records. Without a record the
 * next plan makes the object anew, so that there are never two copies. Undefined when its author has not allowed that: the object
 * is invalid then (`invalidHealth`), and its old spec stays in force.
 */
export function replacement(
  { changes, desired, pods, records: all }: Replaced,
  { unread }: ControllerContext,
): Decision | undefined {
  if (desired.written.metadata?.annotations?.[REPLACE] !== 'true') return undefined
  const paths = changes.map(({ path }) => path).join(', ')
  const reason = `${paths} cannot be changed, and ${REPLACE} is "true": it is removed, then made anew`
  // While pods may be there that nobody could read, the records are what tells them from the new object's.
  const records = unread === true ? [] : all
  const removal = removalDecision({ object: desired.key, reason, pods, records, bucket: 'change' })
  if (removal.reports.length > 0) return removal
  const health: Health = { kind: 'progressing', message: 'is about to be made anew' }
  return { ...removal, reports: [{ key: desired.key, health, status: {} }] }
}

/** In the words of the API server, and what can be done about it. */
export function invalidHealth({ key }: DesiredObject, changes: readonly ImmutableChange[]): Health {
  const { kind, name } = keyParts(key)
  const message =
    `${invalidMessage(kind, name, changes)}; what runs stays as it was: take the change back, ` +
    `or annotate the ${kind} with ${REPLACE}: "true" to have it deleted and made anew`
  return { kind: 'failed', reason: 'Invalid', message }
}
