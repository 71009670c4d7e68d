import type { NodeName, ObjectKey } from '../../api/names.ts'
import type { Plan, StatusReport } from '../../api/plan.ts'
import type { IpRange } from '../../api/ipRanges.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { NODE_PORTS, serviceRanges } from '../../api/serviceRanges.ts'
import type { ResolvedService } from '../../api/services.ts'
import type { Desired } from '../../api/snapshot.ts'
import type { DnsZone, TrafficProblem } from '../../api/traffic.ts'
import { type Decision, nothing } from '../../controllers/decision.ts'
import { memoryWrite } from '../../controllers/memory.ts'
import { allocate, type Allocation } from '../../controllers/service/allocation.ts'
import { recorded } from '../../controllers/service/service.ts'
import type { World } from '../world.ts'
import { type Entry, entryOf, sliceReports } from './entry.ts'
import { type ServiceList, serviceList } from './list.ts'
import { Members } from './members.ts'
import { conflicts, type Outside, outsideOf } from './outside.ts'
import { TrafficOfNode } from './traffic.ts'

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
  const state = before?.list === list ? before : new State(list, desired, before)
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

const NO_ZONE: DnsZone = { domain: 'cluster.local', servers: [], records: new Map() }

class State {
  readonly list: ServiceList
  readonly #ranges: readonly IpRange[]
  readonly #rangeTexts: readonly string[]
  readonly #dns: DnsZone
  readonly #members: Members
  readonly #nodes = new Map<NodeName, TrafficOfNode>()
  #entries: ReadonlyMap<ObjectKey, Entry>
  #records: World['snapshot']['records'] | undefined
  #allocated: readonly (ObjectRecord | undefined)[] = []
  #allocations: ReadonlyMap<ObjectKey, Allocation> = new Map()
  #refused: ReadonlyMap<ObjectKey, TrafficProblem> = new Map()
  #outside = ''
  #result: ServicesPlan | undefined

  constructor(list: ServiceList, { cluster }: Desired, before: State | undefined) {
    this.list = list
    this.#members = new Members(list)
    this.#ranges = serviceRanges(cluster)
    const texts = this.#ranges.map(({ text }) => text)
    const isSame = before !== undefined && before.#rangeTexts.join() === texts.join()
    this.#rangeTexts = isSame ? before.#rangeTexts : texts
    this.#dns = isSame ? before.#dns : NO_ZONE
    this.#entries = before === undefined ? new Map() : before.#entries
    if (before !== undefined) for (const [name, node] of before.#nodes) this.#nodes.set(name, node)
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
    const refused = conflicts(
      this.list.services
        .filter(({ object }) => object.spec.type === 'LoadBalancer' || object.spec.externalIPs !== undefined)
        .map(({ desired: { key }, object }) => {
          const created = records.get(key)?.object.metadata.creationTimestamp ?? '~'
          return { key, service: object, created }
        }),
    )
    if (JSON.stringify([...refused]) !== JSON.stringify([...this.#refused])) this.#refused = refused
    const addresses = [...outside.addresses.values()].flat()
    const entries = new Map<ObjectKey, Entry>()
    for (const wanted of this.list.services) {
      const { key } = wanted.desired
      const before = this.#entries.get(key)
      const refusal = this.#refused.get(key)
      const problems = outside.problemsOf(key)
      const entry = entryOf(
        {
          wanted,
          record: records.get(key),
          allocation: this.#allocations.get(key),
          problems: refusal === undefined ? problems : [refusal, ...(problems ?? [])],
          addresses: wanted.object.spec.type === 'LoadBalancer' && refusal === undefined ? addresses : [],
          pods: before === undefined || changed.has(key) ? () => this.#members.of(key) : undefined,
        },
        before,
        world.context,
      )
      entries.set(key, entry)
    }
    return entries
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
    const input = { services, refused: this.#refused, serviceRanges: this.#rangeTexts, dns: this.#dns }
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
