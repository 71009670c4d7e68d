import type { Clock } from '../../reconciler/clock.ts'
import { after } from '../../reconciler/clock.ts'
import type { Logger } from '../../reconciler/logger.ts'
import { messageOf } from '../../reconciler/problems.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Happening } from '../telling/telling.ts'
import { type EventObject, parseEvent } from './event.ts'
import { EventHistory } from './eventHistory.ts'
import { eventFilePath } from './eventPath.ts'

/** How long events gather before they are written: what is new soon, what is only counted again later. */
const WRITE_AFTER_MS = 200
const COUNT_AFTER_MS = 5_000
/** More lines than this for each Event that there is, and some for the start: then the file is written anew. */
const LINES_PER_EVENT_MAX = 3
const LINES_SPARE = 200
const FILE_MODE = 0o600

export interface EventFileOptions {
  readonly transport: Transport
  readonly root: string
  readonly clock: Clock
  readonly log: Logger
}

/** Where Events are told to. Takes them at once and never fails; the disk follows. */
export interface EventSink extends AsyncDisposable {
  /** False: it was known already. */
  add(happening: Happening): boolean
}

export interface ReadEvents {
  readonly history: EventHistory
  readonly lines: number
  /** Lines that could not be read and are left out. */
  readonly damaged: number
  /** The file does not end with a line's end: its last line was cut off. */
  readonly isCutOff: boolean
}

/** Also beside an engine that writes it. */
export async function readEvents(transport: Transport, root: string): Promise<ReadEvents> {
  const content = await transport.readFile(eventFilePath(root))
  const text = content === undefined ? '' : new TextDecoder().decode(content)
  const isCutOff = text !== '' && !text.endsWith('\n')
  const lines = text.split('\n').filter((line) => line !== '')
  const history = new EventHistory()
  let damaged = 0
  for (const line of lines) {
    const event = parseEvent(line)
    if (event === undefined) damaged += 1
    else history.restore(event)
  }
  return { history, lines: lines.length, damaged, isCutOff }
}

/** The caller has the lock on the root. A file that cannot be read is begun anew. */
export async function openEventFile(options: EventFileOptions): Promise<EventSink> {
  const { log, root, transport } = options
  try {
    const read = await readEvents(transport, root)
    const { damaged } = read
    if (damaged > 0)
      log('warn', `${damaged} damaged lines of ${eventFilePath(root)} are left out: their events are lost`)
    return new EventFile(options, read, damaged > 0 || read.isCutOff)
  } catch (error) {
    log('warn', `reading ${eventFilePath(root)} failed, and it is begun anew: ${messageOf(error)}`)
    return new EventFile(
      options,
      { history: new EventHistory(), lines: 0, damaged: 0, isCutOff: false },
      true,
    )
  }
}

class EventFile implements EventSink {
  readonly #options: EventFileOptions
  readonly #history: EventHistory
  /** By uid, those that the disk does not have as they are now. */
  readonly #unwritten = new Map<string, EventObject>()
  #lines: number
  /** The file holds what it should not, or lacks what it should hold. */
  #isDamaged: boolean
  #hasFailed = false
  #due: { readonly at: Temporal.Instant; readonly cancel: AbortController } | undefined
  #writing: Promise<void> = Promise.resolve()
  #ended = false

  constructor(options: EventFileOptions, { history, lines }: ReadEvents, isDamaged: boolean) {
    this.#options = options
    this.#history = history
    this.#lines = lines
    this.#isDamaged = isDamaged
  }

  add(happening: Happening): boolean {
    const event = this.#history.add(happening)
    if (event === undefined) return false
    this.#unwritten.set(event.metadata.uid, event)
    this.#writeWithin(event.count === 1 ? WRITE_AFTER_MS : COUNT_AFTER_MS)
    return true
  }

  #writeWithin(milliseconds: number): void {
    const { clock } = this.#options
    const at = after(clock.now(), milliseconds)
    if (this.#ended || (this.#due !== undefined && Temporal.Instant.compare(this.#due.at, at) <= 0)) return
    this.#due?.cancel.abort()
    const due = { at, cancel: new AbortController() }
    this.#due = due
    void clock.sleepUntil(at, due.cancel.signal).then(() => {
      if (due.cancel.signal.aborted) return
      this.#due = undefined
      this.#write()
    })
  }

  /** One write after the other. */
  #write(): void {
    this.#writing = this.#writing.then(() => this.#writeOut())
  }

  /** A disk that is full hurts nobody but the history: what could not be written is, with all the rest, the next time. */
  async #writeOut(): Promise<void> {
    const { log, root } = this.#options
    if (this.#unwritten.size === 0 && !this.#isDamaged) return
    const gone = new Map(this.#unwritten)
    this.#unwritten.clear()
    try {
      await this.#put([...gone.values()])
      if (this.#hasFailed) log('info', `${eventFilePath(root)} can be written again`)
      this.#hasFailed = false
    } catch (error) {
      this.#isDamaged = true
      if (!this.#hasFailed) log('warn', `events are kept in memory only: ${messageOf(error)}`)
      this.#hasFailed = true
    }
  }

  async #put(changed: readonly EventObject[]): Promise<void> {
    const { clock, root, transport } = this.#options
    const path = eventFilePath(root)
    const isGrown = this.#lines + changed.length > this.#history.size * LINES_PER_EVENT_MAX + LINES_SPARE
    if (!isGrown && !this.#isDamaged) {
      await transport.appendFile(path, textOf(changed), FILE_MODE)
      this.#lines += changed.length
      return
    }
    const all = this.#history.all(clock.now())
    await transport.writeFile(path, textOf(all), FILE_MODE)
    this.#lines = all.length
    this.#isDamaged = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    this.#due?.cancel.abort()
    this.#write()
    await this.#writing
  }
}

function textOf(events: readonly EventObject[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}
