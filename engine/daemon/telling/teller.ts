import type { ObjectKey, Timestamp } from '../../api/names.ts'
import type { LogFields, Logger } from '../../reconciler/logger.ts'
import type { ProgressEvent } from '../../reconciler/progress.ts'
import { redactUrls } from '../../source/redact.ts'
import type { SyncEvent } from '../syncState.ts'
import { actionTellings, actionTrouble, startsAsked } from './actionTellings.ts'
import { containerTelling, imageTelling, probeTelling, probeTrouble } from './containerTellings.ts'
import { healthTellings, healthTrouble, isThawed, recordTellings } from './objectTellings.ts'
import { damageTelling, nodeTelling } from './nodeTellings.ts'
import { goneTelling, podTellings, violationTelling } from './podTellings.ts'
import { Repeats } from './repeats.ts'
import { commitOf, type Scene } from './scene.ts'
import { SOURCE_TROUBLE, syncTellings } from './syncTellings.ts'
import type { Happening, Telling } from './telling.ts'
import { oneLine, plural } from './words.ts'

export interface TellerOptions {
  readonly log: Logger
  /** Where Events go; false: the event was known already. */
  readonly events: { add(happening: Happening): boolean }
  /** Where the loop stands, for what the events themselves do not carry; asked at each of them. */
  readonly scene: () => Scene
}

/** Makes lines of the log and Events of what the loop and the daemon tell. What comes again is counted, and told at growing distances. */
export interface Teller {
  progress(event: ProgressEvent): void
  sync(event: SyncEvent): void
}

export function createTeller(options: TellerOptions): Teller {
  return new TheTeller(options)
}

/** In characters: 500 broken manifests are a line each, and a command's whole output is none. */
const MESSAGE_MAX = 2_000

class TheTeller implements Teller {
  readonly #options: TellerOptions
  readonly #repeats = new Repeats()
  /** By pod, the starts of containers that this engine began: `uid/container/attempt`. */
  readonly #asked = new Set<string>()
  readonly #removing = new Set<string>()
  readonly #progressingSince = new Map<ObjectKey, Timestamp>()

  constructor(options: TellerOptions) {
    this.#options = options
  }

  progress(event: ProgressEvent): void {
    const scene = this.#options.scene()
    for (const telling of this.#tellings(event, scene)) this.#tell(telling, event.at, scene)
    this.#remember(event)
  }

  sync(event: SyncEvent): void {
    const scene = this.#options.scene()
    for (const telling of syncTellings(event, scene)) this.#tell(telling, event.at, scene)
    if (event.kind === 'sourceBack') this.#repeats.end(SOURCE_TROUBLE)
    // Under another commit the same trouble is another one.
    if (event.kind === 'commitApplied' && event.commit !== event.before) this.#repeats.end('health ')
  }

  #tellings(event: ProgressEvent, scene: Scene): readonly Telling[] {
    switch (event.kind) {
      case 'actionStarted':
      case 'actionEnded':
      case 'actionFailed':
      case 'actionCancelled':
        return actionTellings(event, scene)
      case 'containerStarted':
      case 'containerExited':
      case 'containerWaits':
        return [
          containerTelling(event, scene, this.#asked.has(`${event.uid}/${event.container}/${event.attempt}`)),
        ]
      case 'probeFailed':
      case 'probeRecovered':
        return [probeTelling(event, scene)]
      case 'imagePulling':
      case 'imagePulled':
        return [imageTelling(event, scene)]
      case 'healthChanged':
        return healthTellings(event, scene, this.#progressingSince.get(event.object))
      case 'recordChanged':
        return recordTellings(event, scene)
      case 'podChanged':
        return podTellings(event, scene)
      case 'podGone':
        return [goneTelling(event, this.#removing.has(event.uid))]
      case 'nodeChanged':
        return [nodeTelling(event)]
      case 'nodeDamaged':
        return [damageTelling(event)]
      case 'violation':
        return [violationTelling(event, scene)]
      default:
        return event satisfies never
    }
  }

  #tell(telling: Telling, at: Timestamp, scene: Scene): void {
    const { events = [], fields, level, message, onlyNews, repeats } = telling
    const commit = fields.commit ?? commitOf(scene)
    const told = events.map((happening) => this.#options.events.add(withCommit(happening, commit)))
    if (onlyNews === true && !told.includes(true)) return
    const repeat = repeats === undefined ? undefined : this.#repeats.count(repeats, at)
    if (repeat?.isTold === false) return
    // What goes well again and again is left out, but not counted aloud.
    const isAgain = repeat !== undefined && repeat.count > 1 && level !== 'info'
    const again = isAgain ? ` (${repeat.count} times since ${seconds(repeat.since)})` : ''
    const all: LogFields = {
      ...(commit !== undefined && { commit }),
      ...fields,
      ...(isAgain && { count: repeat.count }),
    }
    this.#options.log(level, oneLine(redactUrls(`${message}${again}`), MESSAGE_MAX), all)
  }

  /** What later events are understood by. */
  #remember(event: ProgressEvent): void {
    if (event.kind === 'actionStarted') {
      for (const start of startsAsked(event)) this.#asked.add(start)
      if (event.action.kind === 'removePod') this.#removing.add(event.action.uid)
    }
    if (event.kind === 'actionEnded') this.#over(event)
    if (event.kind === 'probeRecovered') this.#repeats.end(probeTrouble(event))
    if (event.kind === 'healthChanged') this.#rememberHealth(event)
    if (event.kind === 'podGone') this.#forgetPod(event.uid)
  }

  #over({ action }: Extract<ProgressEvent, { readonly kind: 'actionEnded' }>): void {
    const failures = this.#repeats.end(actionTrouble(action))
    if (failures === 0) return
    const pod = 'pod' in action ? { pod: action.pod, node: action.node } : {}
    const message = `${action.kind} of ${'pod' in action ? `pod ${action.pod}` : action.object} is done, after ${plural(failures, 'failure')}`
    const commit = commitOf(this.#options.scene())
    const fields = { object: action.object, ...pod, action: action.kind, reason: 'Recovered' }
    this.#options.log('info', message, { ...(commit !== undefined && { commit }), ...fields })
  }

  #rememberHealth(event: Extract<ProgressEvent, { readonly kind: 'healthChanged' }>): void {
    const { at, before, health, object } = event
    // The next time that it is frozen is told again.
    if (isThawed(event)) this.#repeats.end(healthTrouble(object))
    if (health.kind !== 'progressing') this.#progressingSince.delete(object)
    // One of the same name may have been there before, and nobody told of its end.
    else if (before === undefined || !this.#progressingSince.has(object))
      this.#progressingSince.set(object, at)
  }

  #forgetPod(uid: string): void {
    this.#removing.delete(uid)
    const { plan } = this.#options.scene()
    for (const object of this.#progressingSince.keys())
      if (plan?.statuses.has(object) === false) this.#progressingSince.delete(object)
    for (const start of this.#asked) if (start.startsWith(`${uid}/`)) this.#asked.delete(start)
    for (const kind of ['exit', 'probe']) this.#repeats.end(`${kind} ${uid} `)
  }
}

function seconds(at: Timestamp): string {
  return Temporal.Instant.from(at).toString({ smallestUnit: 'second' })
}

function withCommit(happening: Happening, commit: string | undefined): Happening {
  const message = redactUrls(happening.message)
  return { ...(commit !== undefined && { commit }), ...happening, message }
}
