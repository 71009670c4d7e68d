import { type FleetPosition, type FleetState, isNewer, writersMin } from '../../api/fleet.ts'
import type { NodeName, ObjectKey } from '../../api/names.ts'
import { isFenced, nodeKey } from '../../api/nodeRecords.ts'
import { type ObjectRecord, RECORD_VERSION, type RootRecord } from '../../api/records.ts'
import {
  objectRecordFile,
  objectRecordText,
  readObjectRecords,
  writeObjectRecord,
} from '../../runtimes/oci/objectRecords.ts'
import { RuntimeFailure } from '../../runtimes/runtime.ts'
import { type Transport, TransportError } from '../../transport/transport.ts'
import { readFleetState, writeFleetState } from './fleetFile.ts'
import { type MirrorPaths, NodeMirror, recordFiles } from './nodeMirror.ts'

/** Another head has taken the fleet over. */
export class Superseded extends TransportError {}

/** From a record's writing to its being on enough nodes. */
const COVER_TIMEOUT_MS = 20_000

/**
 * The object records of a fleet: on the head's disk first, then, without anybody waiting for it, on each node, in the same order. What must
 * not be done before its records are safe from the loss of the head waits for `covered`.
 */
export class Mirrors {
  readonly #transport: Transport
  readonly #paths: MirrorPaths
  readonly #nodes = new Map<NodeName, NodeMirror>()
  /** Nodes that are dead, by somebody's word: nobody waits for them. */
  readonly #fenced = new Set<ObjectKey>()
  readonly #superseded = new AbortController()
  #state: FleetState
  #saved: FleetState | undefined
  #saving: Promise<void> | undefined
  #changed = Promise.withResolvers<void>()

  private constructor(transport: Transport, paths: MirrorPaths, state: FleetState) {
    this.#transport = transport
    this.#paths = paths
    this.#state = state
  }

  /** One write more than the head remembers: it may have been cut off between a record and its count. */
  static async open(transport: Transport, paths: MirrorPaths, root: RootRecord): Promise<Mirrors> {
    const { epoch = 1, writes = 0 } = (await readFleetState(transport, paths)) ?? {}
    const state = { recordVersion: RECORD_VERSION, epoch, writes: writes + 1, root }
    const mirrors = new Mirrors(transport, paths, state)
    for (const record of (await readObjectRecords(transport, paths.records)).values()) mirrors.#note(record)
    return mirrors
  }

  get position(): FleetPosition {
    return this.#state
  }

  /** Aborted when another head has the fleet: nothing that this one knows counts any more. */
  get superseded(): AbortSignal {
    return this.#superseded.signal
  }

  /** Whose the fleet is, and which nodes it has; on the nodes as soon as they can be reached. */
  setRoot(root: RootRecord): void {
    if (JSON.stringify(root) === JSON.stringify(this.#state.root)) return
    this.#state = { ...this.#state, writes: this.#state.writes + 1, root }
    const names = new Set(root.nodes?.map(({ name }) => name))
    for (const [name, node] of this.#nodes)
      if (names.has(name)) node.touch()
      else this.#nodes.delete(name)
  }

  /** What a node says of its copy, on each new connection. Throws when that is another head's. */
  met(name: NodeName, transport: Transport, found: FleetState | undefined): void {
    if (found !== undefined) this.assertOurs(name, found)
    this.#mirror(name).met(transport, found)
  }

  /** It was met in this process. */
  knows(name: NodeName): boolean {
    return this.#nodes.has(name)
  }

  assertOurs(name: NodeName, found: FleetState): void {
    // Another cluster's is refused by its root.json.
    if (found.root.hashKey !== this.#state.root.hashKey || !isNewer(found, this.#state)) return
    const { epoch, writes } = this.#state
    const error = new Superseded(
      `node ${name}: another head has taken the fleet over (${found.epoch}.${found.writes} there, ${epoch}.${writes} here); this one ends`,
    )
    this.#superseded.abort(error)
    throw error
  }

  async write(record: ObjectRecord): Promise<void> {
    const { records } = this.#paths
    await this.#onHead(async () => await writeObjectRecord(this.#transport, records, record))
    this.#note(record)
    this.#add(objectRecordFile(records, record.key), objectRecordText(record))
  }

  async delete(key: ObjectKey): Promise<void> {
    const file = objectRecordFile(this.#paths.records, key)
    await this.#onHead(async () => await this.#transport.remove(file))
    this.#fenced.delete(key)
    this.#add(file, undefined)
  }

  /** Resolves when everything written so far would be found by the next head. */
  async covered(signal?: AbortSignal): Promise<void> {
    const wanted = this.#state
    const nodes = (wanted.root.nodes ?? []).filter(({ name }) => !this.#fenced.has(nodeKey(name)))
    const needed = writersMin(nodes.length)
    const timeout = AbortSignal.timeout(COVER_TIMEOUT_MS)
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    for (const { name } of nodes) this.#nodes.get(name)?.touch()
    for (;;) {
      const lacking = nodes.filter(
        ({ address, name }) => address !== 'local' && !this.#nodes.get(name)?.reaches(wanted),
      )
      if (nodes.length - lacking.length >= needed) return
      signal?.throwIfAborted()
      if (timeout.aborted) {
        const why = lacking.map(
          ({ name }) => this.#nodes.get(name)?.problem ?? `node ${name} was not reached yet`,
        )
        throw new RuntimeFailure(
          'RecordsNotMirrored',
          `waiting until the object records are on ${needed} of ${nodes.length} nodes, for the next head to find: ${why.join('; ')}`,
        )
      }
      await unlessAborted(this.#changed.promise, either)
    }
  }

  /** Waits for what is on its way to nodes that are reached. */
  async settled(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map(async (node) => await node.settled()))
  }

  #note(record: ObjectRecord): void {
    if (record.object.kind !== 'Node') return
    if (isFenced(record)) this.#fenced.add(record.key)
    else this.#fenced.delete(record.key)
  }

  async #onHead(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      // It may have come to be all the same.
      this.#state = { ...this.#state, writes: this.#state.writes + 1 }
      for (const node of this.#nodes.values()) node.doubt()
      throw error
    }
  }

  #add(file: string, content: string | undefined): void {
    this.#state = { ...this.#state, writes: this.#state.writes + 1 }
    for (const node of this.#nodes.values()) node.add(file, content)
  }

  #mirror(name: NodeName): NodeMirror {
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    const made = new NodeMirror({
      name,
      paths: this.#paths,
      state: async () => await this.#save(),
      files: async () => await recordFiles(this.#transport, this.#paths.records),
      changed: () => {
        const { resolve } = this.#changed
        this.#changed = Promise.withResolvers<void>()
        resolve()
      },
    })
    this.#nodes.set(name, made)
    return made
  }

  /** No node is ever ahead of the head's own disk: it would seem to be another head's. */
  async #save(): Promise<FleetState> {
    const state = this.#state
    while (this.#saved === undefined || isNewer(state, this.#saved)) {
      this.#saving ??= this.#write().finally(() => {
        this.#saving = undefined
      })
      await this.#saving
    }
    return state
  }

  async #write(): Promise<void> {
    const state = this.#state
    await writeFleetState(this.#transport, this.#paths, state)
    this.#saved = state
  }
}

async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>()
  const stop = (): void => resolve()
  if (signal.aborted) return
  signal.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
