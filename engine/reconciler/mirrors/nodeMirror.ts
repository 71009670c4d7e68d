import { type FleetPosition, type FleetState, isNewer } from '../../api/fleet.ts'
import type { NodeName } from '../../api/names.ts'
import type { RootPaths } from '../../runtimes/oci/paths.ts'
import { type Transport, TransportError } from '../../transport/transport.ts'
import { messageOf } from '../problems.ts'
import { Slots } from '../slots.ts'
import { writeFleetState } from './fleetFile.ts'

export type MirrorPaths = Pick<RootPaths, 'fleetFile' | 'records' | 'root'>

/** By the file's path, which is the same on all machines; undefined: there is none. */
type Changes = ReadonlyMap<string, string | undefined>

export interface NodeMirrorOptions {
  readonly name: NodeName
  readonly paths: MirrorPaths
  /** What the head has by now, and has on its disk when this resolves. */
  readonly state: () => Promise<FleetState>
  /** All files of records that the head has. */
  readonly files: () => Promise<ReadonlyMap<string, string>>
  /** The node has more of it than before, or has failed. */
  readonly changed: () => void
}

const FILES_AT_ONCE = 16

/** One node's copy of the object records: what the head writes is written there after it, in the same order. */
export class NodeMirror {
  readonly #options: NodeMirrorOptions
  #transport: Transport | undefined
  /** Connections so far. */
  #met = 0
  #has: FleetPosition | undefined
  #pending = new Map<string, string | undefined>()
  /** Nobody knows what the node lacks. */
  #isUnknown = true
  #running: Promise<void> | undefined
  #problem = 'it was not reached yet'

  constructor(options: NodeMirrorOptions) {
    this.#options = options
  }

  /** A new connection to the node, where this was found. */
  met(transport: Transport, found: FleetPosition | undefined): void {
    this.#transport = transport
    this.#met += 1
    // What this process has put there itself is there.
    const isSame = found !== undefined && this.#has !== undefined && isSamePosition(found, this.#has)
    if (!isSame && this.#running === undefined) this.#forget()
    this.#begin()
  }

  /** Undefined: the record is deleted. */
  add(file: string, content: string | undefined): void {
    this.#pending.set(file, content)
    this.#begin()
  }

  /** Something else than records is new, such as the head's root.json; or it is time to try again what has failed. */
  touch(): void {
    this.#begin()
  }

  /** The head cannot tell what has come to be of a write of its own. */
  doubt(): void {
    this.#isUnknown = true
    this.#begin()
  }

  reaches(wanted: FleetPosition): boolean {
    return this.#has !== undefined && !isNewer(wanted, this.#has)
  }

  /** A sentence's end about a node that does not have all. */
  get problem(): string {
    return `node ${this.#options.name}: ${this.#problem}`
  }

  /** Nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#running
  }

  #begin(): void {
    if (this.#transport === undefined || this.#running !== undefined) return
    const met = this.#met
    this.#running = this.#run(this.#transport, met).finally(() => {
      this.#running = undefined
      this.#options.changed()
      if (met !== this.#met) this.#begin()
    })
  }

  #forget(): void {
    this.#isUnknown = true
    this.#has = undefined
  }

  async #run(transport: Transport, met: number): Promise<void> {
    try {
      for (;;) {
        const state = await this.#options.state()
        if (!this.#isUnknown && this.#pending.size === 0 && this.reaches(state)) return
        await (this.#isUnknown ? this.#putAll(transport, state) : this.#putChanges(transport, state))
      }
    } catch (error) {
      this.#problem = messageOf(error)
      this.#forget()
      // Until it is met again. A disk that was full may not be by the next time, over the same connection.
      if (this.#met === met && error instanceof TransportError) this.#transport = undefined
    }
  }

  /** Meanwhile the node's copy is nobody's: some of it is old, some new. */
  async #putAll(transport: Transport, state: FleetState): Promise<void> {
    const { files, paths } = this.#options
    this.#isUnknown = false
    this.#pending = new Map()
    await transport.remove(paths.fleetFile)
    const [wanted, found] = await Promise.all([files(), recordFiles(transport, paths.records)])
    const changes = new Map<string, string | undefined>()
    for (const [file, content] of wanted) if (found.get(file) !== content) changes.set(file, content)
    for (const file of found.keys()) if (!wanted.has(file)) changes.set(file, undefined)
    await apply(transport, changes)
    await writeFleetState(transport, paths, state)
    this.#reached(state)
  }

  /** All of them or none, by one file; then each at its place. */
  async #putChanges(transport: Transport, state: FleetState): Promise<void> {
    const changes = this.#pending
    this.#pending = new Map()
    const texts = [...changes].map(([file, content]) => [file, content ?? null] as const)
    await writeFleetState(transport, this.#options.paths, { ...state, changes: Object.fromEntries(texts) })
    this.#reached(state)
    await apply(transport, changes)
  }

  #reached({ epoch, writes }: FleetState): void {
    this.#has = { epoch, writes }
    this.#options.changed()
  }
}

function isSamePosition(one: FleetPosition, other: FleetPosition): boolean {
  return one.epoch === other.epoch && one.writes === other.writes
}

/** Also for a head that takes records over. */
export async function apply(transport: Transport, changes: Changes): Promise<void> {
  const written = [...changes].filter(([, content]) => content !== undefined)
  const folders = new Set(written.map(([file]) => folderOf(file)))
  const slots = new Slots(FILES_AT_ONCE)
  await Promise.all([...folders].map(async (folder) => await transport.makeDirectory(folder, 0o700)))
  await Promise.all(
    [...changes].map(([file, content]) =>
      slots.run(async () => {
        if (content === undefined) await transport.remove(file)
        else await transport.writeFile(file, content, 0o600)
      }),
    ),
  )
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'))
}

/** As they are on a machine's disk. */
export async function recordFiles(
  transport: Transport,
  records: string,
): Promise<ReadonlyMap<string, string>> {
  const files = await transport.readTree(records, { depth: 3 })
  return new Map(
    files.flatMap(({ content, path }) =>
      content === undefined || !path.endsWith('.json') || path.includes('/.')
        ? []
        : [[`${records}/${path}`, content] as const],
    ),
  )
}
