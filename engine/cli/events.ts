import { shortCommit } from '../api/names.ts'
import type { LabelSelector } from '../api/generated/types.ts'
import { COMMIT_ANNOTATION } from '../daemon/events/eventHistory.ts'
import type { EventObject } from '../daemon/events/event.ts'
import { since } from './duration.ts'
import { kindNamed } from './rails/objectName.ts'
import { showsObject } from './selector.ts'
import { UserError } from './userError.ts'

export interface EventFilter {
  readonly namespace: string | undefined
  /** By the labels of what an event is about. */
  readonly selector: LabelSelector | undefined
  /** `pod/web-0`, `deployment/shop/web`; undefined: all. */
  readonly object: string | undefined
}

export function eventFilter({ namespace, object, selector }: EventFilter): (event: EventObject) => boolean {
  const isAbout = object === undefined ? () => true : aboutObject(object)
  return (event) => showsObject(event.metadata, { namespace, selector }) && isAbout(event)
}

/** As kubectl's `--for`, with the namespace between where it is not clear. */
function aboutObject(asked: string): (event: EventObject) => boolean {
  const [kind = '', ...rest] = asked.split('/')
  const [name = '', namespace] = rest.toReversed()
  if (kind === '' || name === '' || rest.length > 2)
    throw new UserError(`${JSON.stringify(asked)} names no object: write KIND/NAME or KIND/NAMESPACE/NAME`)
  const known = kindNamed(kind)
  const wanted = (known ?? kind).toLowerCase()
  return ({ involvedObject: object }) =>
    object.name === name &&
    (namespace === undefined || object.namespace === namespace) &&
    [object.kind.toLowerCase(), `${object.kind.toLowerCase()}s`].includes(wanted)
}

export const EVENT_HEADING = ['NAMESPACE', 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'] as const

export function eventRow(event: EventObject, now: Temporal.Instant): readonly string[] {
  const { involvedObject, message, metadata, reason, type } = event
  const { kind, name } = involvedObject
  return [
    metadata.namespace,
    lastSeen(event, now),
    type,
    reason,
    `${kind.toLowerCase()}/${name}`,
    message.replaceAll('\n', ' ') + byCommit(event),
  ]
}

/** As kubectl: `5m12s (x7 over 10m)`. */
function lastSeen({ count, firstTimestamp, lastTimestamp }: EventObject, now: Temporal.Instant): string {
  const last = since(now, lastTimestamp)
  return count === 1 ? last : `${last} (x${count} over ${since(now, firstTimestamp)})`
}

/** Which commit a pod came from is what its first event is asked for. */
function byCommit({ metadata, reason }: EventObject): string {
  const commit = metadata.annotations?.[COMMIT_ANNOTATION]
  return reason === 'Scheduled' && commit !== undefined ? `, by commit ${shortCommit(commit)}` : ''
}
