import type { EndpointSlice, Service } from '../../api/generated/types.ts'
import { ipFamily } from '../../api/ipRanges.ts'
import { objectKey } from '../../api/names.ts'
import type { StatusReport } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import type { ResolvedService } from '../../api/services.ts'
import type { TrafficProblem } from '../../api/traffic.ts'
import type { ControllerContext } from '../../controllers/decision.ts'
import { memoised } from '../../api/memo.ts'
import type { Allocation } from '../../controllers/service/allocation.ts'
import { endpointSlices } from '../../controllers/service/endpoints.ts'
import { ServiceReport, serviceState, type ServiceState } from '../../controllers/service/service.ts'
import type { PodView } from '../../controllers/view.ts'
import type { WantedService } from './list.ts'

/** All that is known of one Service. */
export interface Entry {
  readonly wanted: WantedService
  readonly record: ObjectRecord | undefined
  readonly state: ServiceState
  /** The engine's own, without the commit's. */
  readonly slices: readonly EndpointSlice[]
  readonly resolved: ResolvedService
  readonly report: ServiceReport
  readonly allocation: Allocation
  readonly given: Given
}

/** What comes from elsewhere than its manifest, its record and its pods. */
export interface Given {
  readonly problems: readonly TrafficProblem[] | undefined
  /** That stand for a load balancer. */
  readonly addresses: readonly string[]
}

export interface EntryInput {
  readonly wanted: WantedService
  readonly record: ObjectRecord | undefined
  readonly allocation: Allocation
  readonly given: Given
  /** Undefined: they are as they were. */
  readonly pods: (() => readonly PodView[]) | undefined
}

/** The one before where nothing of it changed, and as much of it as did not. */
export function entryOf(input: EntryInput, before: Entry | undefined, context: ControllerContext): Entry {
  const { allocation, given, pods, record, wanted } = input
  const isKnown = before !== undefined && isSame(before.wanted, wanted)
  const isGiven = isKnown && before.record === record && sameGiven(before, input)
  // One that is to be written is another one in each plan: it says when it was planned.
  if (isGiven && before.state.record === undefined && !pods) return before
  const { desired, object, written } = wanted
  const { addresses, problems } = given
  const state = serviceState({ desired, object, written, record, allocation, problems }, context)
  const slices = isKnown && !pods ? before.slices : sameOr(before?.slices, slicesOf(object, allocation, pods))
  const resolved = resolvedOf(wanted, state.service, slices, before)
  const report = new ServiceReport({ state, resolved, addresses: balancerAddresses(resolved, addresses) })
  return { wanted, record, state, slices, resolved, report, allocation, given }
}

function sameGiven(before: Entry, { allocation, given }: EntryInput): boolean {
  if (before.allocation === allocation && before.given === given) return true
  return textOf(before.allocation, before.given) === textOf(allocation, given)
}

/** A commit that leaves the manifests as they are brings the same objects. */
export function isSame(one: WantedService, other: WantedService | undefined): boolean {
  if (one === other) return true
  if (other === undefined || one.object !== other.object || one.written !== other.written) return false
  return (
    one.slices.length === other.slices.length && one.slices.every((slice, i) => slice === other.slices[i])
  )
}

function textOf(
  { clusterIPs, families, nodePorts, problems: refusals }: Allocation,
  { addresses, problems }: Given,
): string {
  return JSON.stringify([families, clusterIPs, [...nodePorts], refusals, problems ?? null, addresses])
}

function slicesOf(
  service: Service,
  { families }: Allocation,
  pods: EntryInput['pods'],
): readonly EndpointSlice[] {
  const all = pods?.() ?? []
  return all.length === 0 ? NONE : endpointSlices(service, families, all)
}

const NONE: readonly EndpointSlice[] = []

/** The very same object as long as it says the same. */
function sameOr<T extends object>(before: T | undefined, now: T): T {
  return before !== undefined && (before === now || jsonOf(before) === jsonOf(now)) ? before : now
}

const jsonOf = (value: object): string => JSON.stringify(value)

function resolvedOf(
  { desired: { key }, slices: own }: WantedService,
  service: Service,
  made: readonly EndpointSlice[],
  before: Entry | undefined,
): ResolvedService {
  const same = before?.resolved
  const known = sameOr(same?.service, service)
  if (same !== undefined && known === same.service && before?.slices === made && before.wanted.slices === own)
    return same
  return { key, service: known, slices: own.length === 0 ? made : [...own, ...made] }
}

/** Those of its families. */
function balancerAddresses({ service }: ResolvedService, addresses: readonly string[]): readonly string[] {
  const families = new Set(service.spec.ipFamilies ?? [])
  return addresses.filter((address) => families.has(ipFamily(address)))
}

/** A Service's EndpointSlices as objects of their own: they are in no commit. */
export const sliceReports = memoised(({ slices, state }: Entry): readonly StatusReport[] =>
  slices.map((slice): StatusReport => {
    const { name = '', namespace } = slice.metadata
    const { metadata } = state.service
    const owner = {
      apiVersion: 'v1',
      kind: 'Service',
      name: metadata.name ?? '',
      uid: state.uid,
      controller: true,
    }
    return {
      key: objectKey('EndpointSlice', namespace, name),
      health: { kind: 'healthy' },
      status: {},
      get object(): EndpointSlice {
        return { ...slice, metadata: { ...slice.metadata, ownerReferences: [owner] } }
      },
    }
  }),
)
