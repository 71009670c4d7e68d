import type { Timestamp } from '../../api/names.ts'

/** The fields of Kubernetes' Event (v1) that are used here; a line of the history file is one. */
export interface EventObject {
  readonly apiVersion: 'v1'
  readonly kind: 'Event'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly creationTimestamp: Timestamp
    /** Those of the object that it is about. */
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly involvedObject: InvolvedObject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly count: number
  readonly firstTimestamp: Timestamp
  readonly lastTimestamp: Timestamp
  readonly source: { readonly component: string; readonly host?: string }
  readonly reportingComponent: string
  readonly reportingInstance: string
}

export interface InvolvedObject {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly uid?: string
  readonly fieldPath?: string
}

/** One line of the history file; undefined for what is none: cut off, damaged, or of another engine. */
export function parseEvent(line: string): EventObject | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isEvent(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isEvent(value: unknown): value is EventObject {
  if (!isObject(value) || value['kind'] !== 'Event') return false
  const { count, firstTimestamp, involvedObject, lastTimestamp, message, metadata, reason, source, type } =
    value
  return (
    isObject(metadata) &&
    [metadata['name'], metadata['namespace'], metadata['uid'], reason, message].every(isText) &&
    isObject(involvedObject) &&
    [involvedObject['kind'], involvedObject['name']].every(isText) &&
    isObject(source) &&
    (type === 'Normal' || type === 'Warning') &&
    typeof count === 'number' &&
    [firstTimestamp, lastTimestamp].every(isTime)
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}
