import type { ObjectKey, Timestamp } from '../../api/names.ts'
import type { LogFields, LogLevel } from '../../reconciler/logger.ts'

/** One thing that is told of: a line of the log, and an Event where Kubernetes would have one. */
export interface Telling {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
  readonly events?: readonly Happening[]
  /** The same trouble again has the same text here: it is counted, and told now and then. */
  readonly repeats?: string
  /** Only what the events did not know is told: it was so before this engine looked. */
  readonly onlyNews?: true
}

/** What an Event says, before it is counted. */
export interface Happening {
  readonly at: Timestamp
  readonly about: Regarded
  readonly type: 'Normal' | 'Warning'
  /** One word, Kubernetes' own where it has one. */
  readonly reason: string
  readonly message: string
  readonly commit?: string
  /** It was read from what a node keeps, and may have been told before by its time. */
  readonly found?: true
}

/** The object that an Event is about. */
export interface Regarded {
  readonly key: ObjectKey
  readonly uid?: string
  readonly apiVersion?: string
  /** `spec.containers{web}` */
  readonly fieldPath?: string
  readonly labels?: Readonly<Record<string, string>>
  /** The node that it happened on. */
  readonly host?: string
}
