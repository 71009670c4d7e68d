import { controllerOf } from '../../api/owners.ts'
import { keyParts, type ObjectKey, objectKey, objectText } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import type { ProgressEvent } from '../../reconciler/progress.ts'
import { nodeRecordTellings } from './nodeTellings.ts'
import { aboutObject, type Scene, statusOf, topOwner } from './scene.ts'
import type { Happening, Telling } from './telling.ts'
import { milliseconds, oneLine, spanText } from './words.ts'

type HealthChanged = Extract<ProgressEvent, { readonly kind: 'healthChanged' }>
type RecordChanged = Extract<ProgressEvent, { readonly kind: 'recordChanged' }>

export function healthTrouble(object: ObjectKey): string {
  return `health ${object} `
}

/** `since`: when the object was last seen to be in progress without a break. */
export function healthTellings(
  event: HealthChanged,
  scene: Scene,
  since: string | undefined,
): readonly Telling[] {
  const { kind } = keyParts(event.object)
  return kind === 'Pod' ? podHealth(event, scene) : objectHealth(event, scene, since)
}

function objectHealth(event: HealthChanged, scene: Scene, since: string | undefined): readonly Telling[] {
  const { at, before, health, object } = event
  const name = objectText(object)
  const about = aboutObject(scene, object)
  switch (health.kind) {
    case 'healthy': {
      // What is well was so before the engine began.
      if (before === undefined) return [{ level: 'debug', message: `${name} is healthy`, fields: { object } }]
      const tookMs = since === undefined ? undefined : milliseconds(since, at)
      const took = tookMs === undefined ? '' : `, after ${spanText(tookMs)}`
      const duration = tookMs === undefined ? {} : { durationMs: tookMs }
      return [
        {
          level: 'info',
          message: `${name} is healthy${took}`,
          fields: { object, reason: 'Healthy', ...duration },
        },
      ]
    }
    case 'progressing': {
      const level = before?.kind === 'progressing' ? 'debug' : 'info'
      return [
        {
          level,
          message: `${name}: ${oneLine(health.message)}`,
          fields: { object, reason: 'Progressing' },
          ...(level === 'info' && { repeats: `${healthTrouble(object)}progressing` }),
        },
      ]
    }
    case 'failed': {
      const { message, reason } = health
      return [
        {
          level: 'warn',
          message: `${name} has failed: ${reason}: ${oneLine(message)}`,
          fields: { object, reason },
          events: [{ at, about, type: 'Warning', reason, message: oneLine(message) }],
          repeats: `${healthTrouble(object)}${reason}`,
        },
      ]
    }
    default:
      return health satisfies never
  }
}

/** Somebody lets the pod stand still, with `reconcile freeze`. */
const FROZEN = 'PodFrozen'

export function isThawed({ before, health }: HealthChanged): boolean {
  const isFrozen = (one: HealthChanged['health'] | undefined): boolean =>
    one?.kind === 'failed' && one.reason === FROZEN
  return isFrozen(before) && !isFrozen(health)
}

/** Pods tell of themselves by their containers; here is what is decided about them as a whole. */
function podHealth(event: HealthChanged, scene: Scene): readonly Telling[] {
  const { at, health, object } = event
  const unscheduled = unscheduledText(object, scene)
  const fields = { object: ownerOfPod(object, scene), pod: objectText(object).slice('Pod '.length) }
  if (unscheduled !== undefined) {
    const about = aboutPodOf(object, scene)
    return [
      {
        level: 'warn',
        message: `no node takes pod ${fields.pod}: ${oneLine(unscheduled)}`,
        fields: { ...fields, reason: 'FailedScheduling' },
        events: [{ at, about, type: 'Warning', reason: 'FailedScheduling', message: oneLine(unscheduled) }],
        repeats: `${healthTrouble(object)}FailedScheduling ${unscheduled}`,
      },
    ]
  }
  if (health.kind !== 'failed') {
    if (isThawed(event)) {
      const message = `pod ${fields.pod} does not stand still any more`
      return [{ level: 'info', message, fields: { ...fields, reason: 'PodThawed' } }]
    }
    return [{ level: 'debug', message: `pod ${fields.pod} is ${health.kind}`, fields }]
  }
  const { message, reason } = health
  const ended = endedReason(object, scene)
  const about = aboutPodOf(object, scene)
  const isToldElsewhere = ended === undefined && reason !== FROZEN && fields.object !== object
  return [
    {
      // Of what a controller made, its action and the controller's own object have told already.
      level: isToldElsewhere ? 'debug' : 'warn',
      message: `pod ${fields.pod} has failed: ${reason}: ${oneLine(message)}`,
      fields: { ...fields, reason },
      repeats: `${healthTrouble(object)}${reason}`,
      // What its containers did is told by them.
      events:
        ended === undefined ? [] : [{ at, about, type: 'Warning', reason: ended, message: oneLine(message) }],
    },
  ]
}

function unscheduledText(object: ObjectKey, scene: Scene): string | undefined {
  const status = statusOf(scene, object)?.status
  if (typeof status !== 'object' || status === null || !('conditions' in status)) return undefined
  const conditions: unknown = status.conditions
  if (!Array.isArray(conditions)) return undefined
  const found: unknown = conditions.find(
    (one: unknown) => isCondition(one) && one.type === 'PodScheduled' && one.status === 'False',
  )
  return isCondition(found) ? String(found.message ?? '') : undefined
}

interface Condition {
  readonly type: unknown
  readonly status: unknown
  readonly message?: unknown
  readonly reason?: unknown
}

function isCondition(value: unknown): value is Condition {
  return typeof value === 'object' && value !== null && 'type' in value && 'status' in value
}

/** Evicted, DeadlineExceeded ...: why the pod as a whole came to its end. */
function endedReason(object: ObjectKey, scene: Scene): string | undefined {
  const reason = fieldOf(statusOf(scene, object)?.status, 'reason')
  return typeof reason === 'string' && reason !== '' ? reason : undefined
}

function ownerOfPod(object: ObjectKey, scene: Scene): ObjectKey {
  const references = fieldOf(fieldOf(statusOf(scene, object)?.object, 'metadata'), 'ownerReferences')
  const owner: unknown = Array.isArray(references) ? references[0] : undefined
  const [kind, name] = [fieldOf(owner, 'kind'), fieldOf(owner, 'name')]
  if (typeof kind !== 'string' || typeof name !== 'string') return object
  return topOwner(scene, objectKey(kind, keyParts(object).namespace, name))
}

/** Of a pod only its own report knows more. */
function aboutPodOf(object: ObjectKey, scene: Scene): Happening['about'] {
  const metadata = fieldOf(statusOf(scene, object)?.object, 'metadata')
  const uid = fieldOf(metadata, 'uid')
  return { ...aboutObject(scene, object), ...(typeof uid === 'string' && { uid }) }
}

/** What a controller has written down that Kubernetes has an Event for. */
export function recordTellings(event: RecordChanged, scene: Scene): readonly Telling[] {
  const { object, record } = event
  switch (keyParts(object).kind) {
    case 'ReplicaSet':
      return scaledTellings(event, scene)
    case 'Job':
      return jobTellings(event, scene)
    case 'HorizontalPodAutoscaler':
      return rescaledTellings(event, scene)
    case 'Node':
      return nodeRecordTellings(event)
    default:
      return [
        {
          level: 'debug',
          message: `the record of ${objectText(object)} is ${record === undefined ? 'gone' : 'written'}`,
          fields: { object },
        },
      ]
  }
}

function scaledTellings({ at, before, object, record }: RecordChanged, scene: Scene): readonly Telling[] {
  const owner = record && controllerOf(record.object.metadata)
  const from = replicasOf(before) ?? 0
  const to = replicasOf(record)
  if (owner?.kind !== 'Deployment' || to === undefined || from === to) return []
  const { name, namespace } = keyParts(object)
  const deployment = objectKey('Deployment', namespace, owner.name)
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`
  return [telling(at, aboutObject(scene, deployment), 'ScalingReplicaSet', message)]
}

function jobTellings({ at, before, object, record }: RecordChanged, scene: Scene): readonly Telling[] {
  if (record === undefined) return []
  const { name, namespace } = keyParts(object)
  const owner = controllerOf(record.object.metadata)
  const cronJob = owner?.kind === 'CronJob' ? objectKey('CronJob', namespace, owner.name) : undefined
  const end = endOf(record)
  const isOver = end !== undefined && endOf(before) === undefined
  const made =
    before === undefined && cronJob !== undefined
      ? [telling(at, aboutObject(scene, cronJob), 'SuccessfulCreate', `Created job ${name}`)]
      : []
  if (!isOver) return made
  const isWell = end.type === 'Complete'
  const reason = isWell ? 'Completed' : String(end.reason ?? 'Failed')
  const message = isWell ? 'Job completed' : oneLine(String(end.message ?? 'Job has failed'))
  return [...made, telling(at, aboutObject(scene, object), reason, message, isWell ? 'Normal' : 'Warning')]
}

function rescaledTellings({ at, before, object, record }: RecordChanged, scene: Scene): readonly Telling[] {
  const [from, to] = [desiredOf(before), desiredOf(record)]
  if (from === undefined || to === undefined || from === to) return []
  return [telling(at, aboutObject(scene, object), 'SuccessfulRescale', `New size: ${to}; before: ${from}`)]
}

function telling(
  at: string,
  about: Happening['about'],
  reason: string,
  message: string,
  type: Happening['type'] = 'Normal',
): Telling {
  return {
    level: type === 'Normal' ? 'info' : 'warn',
    message: `${objectText(about.key)}: ${message}`,
    fields: { object: about.key, reason },
    events: [{ at, about, type, reason, message }],
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}

function replicasOf(record: ObjectRecord | undefined): number | undefined {
  const replicas = fieldOf(record?.object.spec, 'replicas')
  return typeof replicas === 'number' ? replicas : undefined
}

function desiredOf(record: ObjectRecord | undefined): number | undefined {
  const replicas = fieldOf(record?.object.status, 'desiredReplicas')
  return typeof replicas === 'number' ? replicas : undefined
}

function endOf(record: ObjectRecord | undefined): Condition | undefined {
  const conditions = fieldOf(record?.object.status, 'conditions')
  if (!Array.isArray(conditions)) return undefined
  const found: unknown = conditions.find(
    (one: unknown) =>
      isCondition(one) && one.status === 'True' && ['Complete', 'Failed'].includes(String(one.type)),
  )
  return isCondition(found) ? found : undefined
}
