import type { RootRecord } from '../api/records.ts'
import type { NodeName } from '../api/names.ts'
import type { Desired } from '../api/snapshot.ts'
import type { Objection, Site, Taken } from '../daemon/site.ts'
import type { PatientSource } from '../source/patient.ts'
import { fleetNodes, mayBeFleet } from './fleet/nodes.ts'
import { withRoot } from './withRoot.ts'
import { ownerOf } from './owner.ts'
import { judgeOwnership } from './ownership.ts'
import { headName, type Machine, openMachine, type Station } from './station.ts'
import { writeRootFor } from './takeRoot.ts'
import { UserError } from './userError.ts'
import type { World } from './world.ts'

export interface SiteOptions {
  /** As read under the root's lock. */
  readonly station: Station
  readonly source: PatientSource
  readonly takeOver: boolean
  /** The fleet's head is to be this machine, whatever nodes can be asked. */
  readonly forceNewHead: boolean
  readonly tell: (message: string) => void
}

/** The one in force, the one that is judged, and the one before. */
const MACHINES_MAX = 3

/** This machine's root, as the daemon drives it. */
export function createSite(options: SiteOptions, world: World): Site {
  return new LocalSite(options, world)
}

class LocalSite implements Site {
  readonly #options: SiteOptions
  readonly #world: World
  readonly #machines = new Map<string, Machine>()
  readonly #prepared = new WeakSet<Machine>()
  /** Only until the root is this repository's: what comes later is no reason to take it over again. */
  #takesOver: boolean
  /** Nobody knows yet whether this machine is the head of its fleet. */
  #isHead = false
  #record: RootRecord | undefined

  constructor(options: SiteOptions, world: World) {
    this.#options = options
    this.#world = world
    this.#record = options.station.record
    this.#takesOver = options.takeOver
  }

  record(): RootRecord | undefined {
    return this.#record
  }

  async objection(desired: Desired): Promise<Objection | undefined> {
    const before = this.#record
    await this.#becomeHead(desired)
    const record = this.#record
    // Asked again, with what is known now.
    if (before !== undefined && record !== before)
      throw new UserError(
        `another head has driven the fleet since, and commit ${record?.appliedCommit ?? 'none'} was in force last`,
      )
    try {
      headName(record, desired)
    } catch (error) {
      if (error instanceof UserError) return { kind: 'configuration', message: error.message }
      throw error
    }
    const { source, station } = this.#options
    const here = await source.here(this.#world.signal)
    const applied = record?.appliedCommit
    const hasApplied =
      applied === undefined ||
      applied === 'uncommitted' ||
      applied === desired.commit ||
      (await here.contains(applied, this.#world.signal))
    const owner = ownerOf({ source: here, desired })
    const ownership = judgeOwnership({
      root: station.root,
      record,
      owner,
      hasApplied,
      takeOver: this.#takesOver,
    })
    if (ownership.kind !== 'refused') return undefined
    return { kind: ownership.isLost ? 'lost' : 'configuration', message: ownership.message }
  }

  /** Once, before anything is asked of the fleet; what cannot be found out for now rejects, and is tried again. */
  async #becomeHead(desired: Desired): Promise<void> {
    if (this.#isHead) return
    const { forceNewHead: force, source, tell } = this.#options
    if (mayBeFleet(this.#record, desired)) {
      const { recoverHead } = await import('./fleet/recover.ts')
      const owner = ownerOf({ source: await source.here(this.#world.signal), desired })
      const asked = { station: this.#station(), desired, owner, takeOver: this.#takesOver, force, tell }
      const { record } = await recoverHead(asked, this.#world)
      this.#record = record
    }
    this.#isHead = true
  }

  async machine(desired: Desired): Promise<Machine> {
    const key = machineKey(desired, this.#record)
    const known = this.#machines.get(key)
    const machine = known ?? (await openMachine(this.#station(), desired, this.#world))
    // The one that was asked for last is the last to go.
    this.#machines.delete(key)
    this.#machines.set(key, machine)
    const [oldest] = this.#machines.keys()
    if (this.#machines.size > MACHINES_MAX && oldest !== undefined) this.#machines.delete(oldest)
    return machine
  }

  async take(desired: Desired): Promise<Taken> {
    const { source } = this.#options
    const { signal } = this.#world
    let machine = await this.machine(desired)
    if (!this.#prepared.has(machine)) await machine.runtime.check(signal)
    const owner = ownerOf({ source: await source.here(signal), desired })
    const before = this.#record
    this.#record = await writeRootFor(this.#station(), owner, machine, desired, this.#world)
    // One that was left for another knows nothing of what that one has made on the nodes, and told them.
    if (this.#prepared.has(machine) && !isSameRoot(before, this.#record)) {
      this.#machines.clear()
      machine = await this.machine(desired)
    }
    if (!this.#prepared.has(machine)) await machine.runtime.prepare(signal)
    this.#prepared.add(machine)
    this.#takesOver = false
    return { machine, desired: withRoot(desired, this.#record) }
  }

  async letGo(
    names: readonly NodeName[],
    desired: Desired,
    drive: (taken: Taken) => Promise<void>,
  ): Promise<void> {
    const before = this.#record
    if (before === undefined) return
    const { clearNodes, withoutNodes } = await import('./fleet/letGo.ts')
    this.#record = withoutNodes(before, names)
    // Should they come back, nothing is as it was on them.
    this.#machines.clear()
    let taken: Taken
    try {
      taken = await this.take(desired)
    } catch (error) {
      this.#record = before
      throw error
    }
    await drive(taken)
    const gone = (before.nodes ?? []).filter(({ name }) => names.includes(name))
    const { station, tell } = this.#options
    for (const line of await clearNodes(gone, station.root, this.#world)) tell(line)
  }

  #station(): Station {
    return { ...this.#options.station, record: this.#record }
  }
}

function isSameRoot(before: RootRecord | undefined, after: RootRecord): boolean {
  const text = (record: RootRecord | undefined) => JSON.stringify({ ...record, appliedCommit: undefined })
  return text(before) === text(after)
}

/** What a machine is made from: whatever of this changes makes it another one. How it is followed and kept is for the daemon. */
function machineKey(desired: Desired, record: RootRecord | undefined): string {
  const { sync: _, ...spec } = desired.cluster.spec ?? {}
  const names = desired.nodes.map(({ metadata }) => metadata.name)
  // Those that have left the commit and may have pods are driven as well.
  const fleet = fleetNodes(record, desired).map(({ address, name }) => [name, address])
  return JSON.stringify([spec, names, fleet])
}
