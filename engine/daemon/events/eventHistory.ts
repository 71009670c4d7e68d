import { keyParts, type Timestamp, uidHash } from '../../api/names.ts'
import type { Happening, Regarded } from '../telling/telling.ts'
import type { EventObject, InvolvedObject } from './event.ts'

/** All together; the one that happened last longest ago goes first. */
export const EVENTS_MAX = 1_000
/** One pod that does a hundred different things leaves room for the others. */
export const EVENTS_PER_OBJECT_MAX = 50
/** Since the last time; Kubernetes keeps an hour, which is less than a night. */
export const EVENTS_KEPT_MS = 24 * 3_600_000
/** Of one object and reason with different messages within this time, before they are told together. Kubernetes' numbers. */
const SIMILAR_MAX = 10
const SIMILAR_WITHIN_MS = 600_000
const COMBINED = '(combined from similar events): '
/** In characters; Kubernetes' limit for a note. */
const MESSAGE_MAX = 1024

const COMPONENT = 'reconcile'
export const COMMIT_ANNOTATION = 'reconcile.dev/commit'

/** What happened, counted and bounded. In memory; eventFile.ts keeps it. */
export class EventHistory {
  /** By what makes it the same event; the one that came last is last. */
  readonly #events = new Map<string, EventObject>()
  /** Their keys by object, in the same order: a rollout tells of hundreds of pods, and each time only of one. */
  readonly #ofObject = new Map<string, Set<string>>()

  /** The event as it is now; undefined when it was known already, by the node's word. */
  add(happening: Happening): EventObject | undefined {
    const told = { ...happening, message: shortened(happening.message) }
    const about = involved(told.about)
    const same = identity(about, told.reason, told.message)
    const known = this.#events.get(same)
    if (told.found === true && known !== undefined && msOf(known.lastTimestamp) >= msOf(told.at))
      return undefined
    const key = known === undefined ? this.#combined(about, told, same) : same
    const before = this.#events.get(key)
    const message = key === same ? told.message : shortened(`${COMBINED}${told.message}`)
    const event =
      before === undefined ? newEvent(about, { ...told, message }) : again(before, told.at, message)
    this.#put(key, event)
    if (before === undefined) this.#forget(about, told.at)
    return event
  }

  /** From the file: a later line of the same event replaces an earlier one. */
  restore(event: EventObject): void {
    const { involvedObject, message, reason } = event
    const isCombined = message.startsWith(COMBINED)
    this.#put(identity(involvedObject, reason, isCombined ? COMBINED : message), event)
  }

  /** The one that happened last longest ago first, without those that are too old by now. */
  all(now: Temporal.Instant): readonly EventObject[] {
    const oldestMs = now.epochMilliseconds - EVENTS_KEPT_MS
    return [...this.#events.values()]
      .filter(({ lastTimestamp }) => msOf(lastTimestamp) >= oldestMs)
      .toSorted((a, b) => msOf(a.lastTimestamp) - msOf(b.lastTimestamp))
  }

  get size(): number {
    return this.#events.size
  }

  #put(key: string, event: EventObject): void {
    this.#drop(key)
    this.#events.set(key, event)
    this.#ofObject.getOrInsertComputed(objectIdentity(event.involvedObject), () => new Set()).add(key)
  }

  #drop(key: string): void {
    const event = this.#events.get(key)
    if (event === undefined) return
    this.#events.delete(key)
    const object = objectIdentity(event.involvedObject)
    const own = this.#ofObject.get(object)
    own?.delete(key)
    if (own?.size === 0) this.#ofObject.delete(object)
  }

  #keysOf(about: InvolvedObject): readonly string[] {
    return [...(this.#ofObject.get(objectIdentity(about)) ?? [])]
  }

  /** Once an object has many events that differ in their messages only (a count, a name), the next ones are one. */
  #combined(about: InvolvedObject, { at, reason }: Happening, same: string): string {
    const start = identity(about, reason, '')
    const earliestMs = msOf(at) - SIMILAR_WITHIN_MS
    const similar = this.#keysOf(about).filter((key) => {
      const event = key.startsWith(start) ? this.#events.get(key) : undefined
      return event !== undefined && msOf(event.lastTimestamp) >= earliestMs
    })
    return similar.length < SIMILAR_MAX ? same : identity(about, reason, COMBINED)
  }

  #forget(about: InvolvedObject, at: Timestamp): void {
    const own = this.#keysOf(about)
    for (const key of own.slice(0, Math.max(0, own.length - EVENTS_PER_OBJECT_MAX))) this.#drop(key)
    const oldestMs = msOf(at) - EVENTS_KEPT_MS
    for (const [key, { lastTimestamp }] of this.#events) {
      if (this.#events.size <= EVENTS_MAX && msOf(lastTimestamp) >= oldestMs) return
      this.#drop(key)
    }
  }
}

function objectIdentity({ kind, name, namespace = '', uid = '' }: InvolvedObject): string {
  return `${kind}\u0000${namespace}\u0000${name}\u0000${uid}\u0000`
}

function identity(about: InvolvedObject, reason: string, message: string): string {
  return `${objectIdentity(about)}${reason}\u0000${about.fieldPath ?? ''}\u0000${message}`
}

function involved({ apiVersion, fieldPath, key, uid }: Regarded): InvolvedObject {
  const { kind, name, namespace } = keyParts(key)
  return {
    apiVersion: apiVersion ?? API_VERSIONS[kind] ?? 'v1',
    kind,
    ...(namespace !== '' && { namespace }),
    name,
    ...(uid !== undefined && { uid }),
    ...(fieldPath !== undefined && { fieldPath }),
  }
}

const API_VERSIONS: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  PodDisruptionBudget: 'policy/v1',
  Cluster: 'reconcile.dev/v1',
  Node: 'reconcile.dev/v1',
}

function newEvent(about: InvolvedObject, told: Happening): EventObject {
  const { at, commit, message, reason, type } = told
  const { host, labels } = told.about
  const uid = uidHash('event', objectIdentity(about), about.fieldPath ?? '', reason, message, at)
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${about.name}.${uid.replaceAll('-', '').slice(0, 16)}`,
      // As Kubernetes does with events of what is in no namespace.
      namespace: about.namespace ?? 'default',
      uid,
      creationTimestamp: at,
      ...(labels !== undefined && { labels }),
      ...(commit !== undefined && { annotations: { [COMMIT_ANNOTATION]: commit } }),
    },
    involvedObject: about,
    type,
    reason,
    message,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: COMPONENT, ...(host !== undefined && { host }) },
    reportingComponent: COMPONENT,
    reportingInstance: host ?? '',
  }
}

function again(before: EventObject, at: Timestamp, message: string): EventObject {
  return { ...before, message, count: before.count + 1, lastTimestamp: at }
}

function shortened(message: string): string {
  return message.length <= MESSAGE_MAX ? message : `${message.slice(0, MESSAGE_MAX - 4)} ...`
}

function msOf(at: Timestamp): number {
  return Temporal.Instant.from(at).epochMilliseconds
}
