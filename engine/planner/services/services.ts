import type { NodeName, ObjectKey } from '../../api/names.ts'
import type { Plan, StatusReport } from '../../api/plan.ts'
import type { IpRange } from '../../api/ipRanges.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { dnsAddress, NODE_PORTS, serviceRanges } from '../../api/serviceRanges.ts'
import type { ResolvedService } from '../../api/services.ts'
import type { Desired } from '../../api/snapshot.ts'
import type { DnsZone } from '../../api/traffic.ts'
import { type Decision, nothing } from '../../controllers/decision.ts'
import { memoryWrite } from '../../controllers/memory.ts'
import { allocate, type Allocation } from '../../controllers/service/allocation.ts'
import { recorded } from '../../controllers/service/service.ts'
import { dnsZone } from '../../proxy/dns.ts'
import type { World } from '../world.ts'
import { type Entry, entryOf, isSame, sliceReports } from './entry.ts'
import { type ServiceList, serviceList } from './list.ts'
import { Members } from './members.ts'
import { type Givens, givensOf } from './givens.ts'
import { type Outside, outsideOf } from './outside.ts'
import { changedPlaces, TrafficOfNode } from './traffic.ts'

export interface ServicesPlan {
  /** Records to be written. */
  readonly decisions: readonly Decision[]
  /** Of Services and of the EndpointSlices that are made for them. */
  readonly reports: ReadonlyMap<ObjectKey, StatusReport>
  /** By key. */
  readonly services: readonly ResolvedService[]
  readonly traffic?: Plan['traffic']
}

const NO_SERVICES: ServicesPlan = { decisions: [], reports: new Map(), services: [] }

/**
 * Addresses, endpoints and status of all Services, and what each node answers for them. A Service has an address from when that is on record:
 * nobody who has seen it will ever see another one.
 */
export function servicesOf(world: World): ServicesPlan {
  const { desired } = world.snapshot
  const list = serviceList(desired.objects)
  if (list.services.length === 0) return NO_SERVICES
  const before = recall(desired)
  const state = before?.serves(list, desired) === true ? before : new State(list, desired, before)
  remember(desired, state)
  try {
    return state.plan(world)
  } catch (error) {
    // half of it may be of this plan and half of the last one
    last.delete(desired.objects)
    throw error
  }
}

/**
 * What the last plan for a commit had; a commit takes over from the one before what is of the same manifests. As what is known of pods, it is
 * forgotten with the commit.
 */
const last = new WeakMap<Desired['objects'], State>()
let newest: WeakRef<Desired['objects']> | undefined

function recall({ objects }: Desired): State | undefined {
  const known = last.get(objects)
  if (known !== undefined) return known
  const before = newest?.deref()
  return before === undefined ? undefined : last.get(before)
}

function remember({ objects }: Desired, state: State): void {
  const before = newest?.deref()
  if (before !== objects) {
    if (before !== undefined) last.delete(before)
    newest = new WeakRef(objects)
  }
  last.set(objects, state)
}

const NO_ALLOCATION: Allocation = { families: [], clusterIPs: [], nodePorts: new Map(), problems: [] }
const NONE_REFUSED: Givens['refused'] = new Map()

class State {
  readonly list: ServiceList
  readonly #ranges: readonly IpRange[]
  readonly #rangeTexts: readonly string[]
  readonly #members: Members
  readonly #nodes = new Map<NodeName, TrafficOfNode>()
  #entries: ReadonlyMap<ObjectKey, Entry>
  #records: World['snapshot']['records'] | undefined
  #allocated: readonly (ObjectRecord | undefined)[] = []
  #allocations: ReadonlyMap<ObjectKey, Allocation> = new Map()
  #givens: Givens | undefined
  #outside = ''
  #zone: { readonly services: readonly ResolvedService[]; readonly dns: DnsZone } | undefined
  #result: ServicesPlan | undefined

  constructor(list: ServiceList, { cluster }: Desired, before: State | undefined) {
    this.list = list
    this.#members = new Members(list)
    this.#ranges = serviceRanges(cluster)
    const texts = this.#ranges.map(({ text }) => text)
    const isSame = before !== undefined && before.#rangeTexts.join() === texts.join()
    this.#rangeTexts = isSame ? before.#rangeTexts : texts
    this.#zone = isSame ? before.#zone : undefined
    this.#entries = before === undefined ? new Map() : before.#entries
    if (before !== undefined) for (const [name, node] of before.#nodes) this.#nodes.set(name, node)
  }

  /** Whether a commit has the very same Services, be it another one. */
  serves({ services }: ServiceList, { cluster }: Desired): boolean {
    const own = this.list.services
    return (
      this.#rangeTexts.join() ===
        serviceRanges(cluster)
          .map(({ text }) => text)
          .join() &&
      own.length === services.length &&
      own.every((one, index) => one === services[index] || isSame(one, services[index]))
    )
  }

  plan(world: World): ServicesPlan {
    const { observed, records } = world.snapshot
    const outside = outsideOf(observed)
    const isSame =
      this.#records === records && this.#outside === outside.text && this.#members.isSame(world.byNode)
    if (isSame && this.#result !== undefined && this.#result.decisions.length === 0) return this.#result
    this.#allocate(records)
    const changed = this.#members.update(world.byNode)
    const entries = this.#update(changed, outside, world)
    this.#records = records
    this.#outside = outside.text
    this.#result = this.#compose(entries, outside)
    return this.#result
  }

  /** Those that nobody has given or taken anything keep what they have. */
  #allocate(records: World['snapshot']['records']): void {
    const { services } = this.list
    const own = services.map(({ desired }) => records.get(desired.key))
    const isSame =
      this.#allocated.length === own.length && own.every((record, index) => record === this.#allocated[index])
    if (isSame) return
    const claims = services.map(({ desired, object }, index) => {
      return { key: desired.key, service: object, before: recorded(own[index]) }
    })
    this.#allocations = allocate(claims, { ranges: this.#ranges, nodePorts: NODE_PORTS })
    this.#allocated = own
  }

  #update(changed: ReadonlySet<ObjectKey>, outside: Outside, world: World): ReadonlyMap<ObjectKey, Entry> {
    const { records } = world.snapshot
    const givens = this.#givensOf(outside, records)
    const entries = new Map<ObjectKey, Entry>()
    for (const wanted of this.list.services) {
      const { key } = wanted.desired
      const before = this.#entries.get(key)
      const record = records.get(key)
      const input = {
        wanted,
        record,
        allocation: this.#allocations.get(key) ?? NO_ALLOCATION,
        given: givens.of(wanted, record),
        pods: before === undefined || changed.has(key) ? () => this.#members.of(key) : undefined,
      }
      entries.set(key, entryOf(input, before, world.context))
    }
    return entries
  }

  #givensOf(outside: Outside, records: World['snapshot']['records']): Givens {
    const givens = givensOf(outside, this.list.services, records)
    if (this.#givens?.text !== givens.text) this.#givens = givens
    return this.#givens ?? givens
  }

  #compose(entries: ReadonlyMap<ObjectKey, Entry>, outside: Outside): ServicesPlan {
    this.#entries = entries
    const reports = new Map<ObjectKey, StatusReport>()
    const services: ResolvedService[] = []
    const decisions: Decision[] = []
    for (const [key, entry] of entries) {
      reports.set(key, entry.report)
      for (const report of sliceReports(entry)) reports.set(report.key, report)
      services.push(entry.resolved)
      const writes = memoryWrite(key, entry.record, entry.state.record, 'what it is given changed')
      if (writes.length > 0) decisions.push({ ...nothing(key), records: writes })
    }
    return { decisions, reports, services, traffic: this.#traffic(services, outside) }
  }

  #traffic(services: readonly ResolvedService[], { addresses }: Outside): Plan['traffic'] {
    for (const name of this.#nodes.keys()) if (!addresses.has(name)) this.#nodes.delete(name)
    const before = this.#zone?.services
    const changed = before === undefined ? undefined : changedPlaces(before, services)
    if (this.#zone === undefined || changed?.length !== 0) {
      const servers = this.#ranges.flatMap((range) => dnsAddress(range) ?? [])
      this.#zone = { services, dns: dnsZone(services, servers) }
    }
    const input = {
      services: this.#zone.services,
      before: changed === undefined ? undefined : before,
      changed: changed ?? [],
      refused: this.#givens?.refused ?? NONE_REFUSED,
      serviceRanges: this.#rangeTexts,
      dns: this.#zone.dns,
    }
    return new Map(
      [...addresses].map(([name, own]) => {
        const known = this.#nodes.get(name)
        const node = known?.hasAddresses(own) === true ? known : new TrafficOfNode(name, own)
        this.#nodes.set(name, node)
        return [name, node.of(input)]
      }),
    )
  }
}
