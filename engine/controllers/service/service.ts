import type { Condition, LoadBalancerIngress, Service, ServiceStatus } from '../../api/generated/types.ts'
import type { ObjectKey } from '../../api/names.ts'
import type { Health, StatusReport } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { givenOnRecord, type GivenToService, type ResolvedService } from '../../api/services.ts'
import type { DesiredObject } from '../../api/snapshot.ts'
import type { TrafficProblem } from '../../api/traffic.ts'
import type { ControllerContext } from '../decision.ts'
import { memoryOf, memoryRecord, recordedConditions, settled } from '../memory.ts'
import { type Allocation, portKey, type ServiceClaim } from './allocation.ts'

export interface ServiceInput {
  readonly desired: DesiredObject
  /** With defaults. */
  readonly object: Service
  readonly written: Service
  readonly record: ObjectRecord | undefined
  readonly allocation: Allocation
  /** What keeps it from being reached, beside what could not be given to it; undefined: nobody has asked the nodes. */
  readonly problems: readonly TrafficProblem[] | undefined
}

/** What a Service is to have, and what of it is on record: only that is used. */
export interface ServiceState {
  readonly service: Service
  readonly uid: string
  readonly created: string
  readonly conditions: readonly Condition[]
  readonly problem: Pick<TrafficProblem, 'reason' | 'message'> | undefined
  /** All that it was given is on record. */
  readonly isWhole: boolean
  /** The record as it should be; undefined: it is. */
  readonly record: ObjectRecord | undefined
}

export function serviceState(input: ServiceInput, context: ControllerContext): ServiceState {
  const { allocation, desired, object, record, written } = input
  const memory = memoryOf(desired.key, written, record, undefined, context)
  const problem = problemOf(input)
  const conditions = conditionsOf(problem, recordedConditions(record), memory.generation, context)
  const next = memoryRecord(
    desired.key,
    { memory: { ...memory, conditions }, apiVersion: 'v1', kind: 'Service', spec: given(object, allocation) },
    record,
    context,
  )
  const used = onRecord(object, allocation, recorded(record))
  return {
    service: withAllocation(object, used),
    uid: memory.uid,
    created: memory.created,
    conditions,
    problem,
    isWhole:
      used.clusterIPs.length === allocation.clusterIPs.length &&
      used.nodePorts.size === allocation.nodePorts.size,
    record: next,
  }
}

const ALLOCATION_FAILED = 'AllocationFailed'
const READY = 'Ready'

function problemOf({ allocation, problems, record }: ServiceInput): ServiceState['problem'] {
  const [first] = allocation.problems
  if (first !== undefined) return { reason: ALLOCATION_FAILED, message: allocation.problems.join('; ') }
  if (problems === undefined) {
    const before = recordedConditions(record).find(({ status, type }) => type === READY && status === 'False')
    if (before === undefined || before.reason === ALLOCATION_FAILED) return undefined
    return { reason: before.reason ?? '', message: before.message ?? '' }
  }
  const [problem] = problems
  return problem && { reason: problem.reason, message: problems.map(({ message }) => message).join('; ') }
}

/** A Service that does what it should has none, as in Kubernetes. */
function conditionsOf(
  problem: ServiceState['problem'],
  before: ReturnType<typeof recordedConditions>,
  observedGeneration: number,
  { now }: ControllerContext,
): readonly Condition[] {
  if (problem === undefined) return []
  const lastTransitionTime = now.toString({ smallestUnit: 'second' })
  const next = { type: READY, status: 'False' as const, ...problem, lastTransitionTime }
  const known = settled(
    before.find(({ type }) => type === READY),
    next,
  )
  return [{ ...next, lastTransitionTime: known.lastTransitionTime ?? lastTransitionTime, observedGeneration }]
}

function given({ spec }: Service, { clusterIPs, nodePorts }: Allocation): GivenToService {
  const ports = (spec.ports ?? []).flatMap(({ port, protocol = 'TCP' }, index) => {
    const nodePort = nodePorts.get(index)
    return nodePort === undefined ? [] : [{ protocol, port, nodePort }]
  })
  return { ...(clusterIPs.length > 0 && { clusterIPs }), ...(ports.length > 0 && { ports }) }
}

export function recorded(record: ObjectRecord | undefined): ServiceClaim['before'] {
  const { clusterIPs = [], ports = [] } = givenOnRecord(record)
  return {
    clusterIPs,
    nodePorts: new Map(ports.map(({ nodePort, port, protocol }) => [`${protocol} ${port}`, nodePort])),
  }
}

function onRecord({ spec }: Service, allocation: Allocation, before: ServiceClaim['before']): Allocation {
  const nodePorts = new Map<number, number>()
  for (const [index, nodePort] of allocation.nodePorts) {
    const port = spec.ports?.[index]
    if (port !== undefined && before.nodePorts.get(portKey(port)) === nodePort) nodePorts.set(index, nodePort)
  }
  const clusterIPs = allocation.clusterIPs.filter((address) => before.clusterIPs.includes(address))
  return { ...allocation, clusterIPs, nodePorts }
}

/** As an API server shows it once it has an address. */
function withAllocation(service: Service, { clusterIPs, families, nodePorts }: Allocation): Service {
  const { spec } = service
  if (spec.type === 'ExternalName') return service
  const { clusterIP: _ip, clusterIPs: _ips, ports, ...rest } = spec
  const [clusterIP] = clusterIPs
  const isHeadless = spec.clusterIP === 'None'
  return {
    ...service,
    spec: {
      ...rest,
      ...(isHeadless && { clusterIP: 'None', clusterIPs: ['None'] }),
      ...(clusterIP !== undefined && { clusterIP, clusterIPs }),
      ipFamilies: families,
      ipFamilyPolicy: spec.ipFamilyPolicy ?? 'SingleStack',
      ...(ports !== undefined && {
        ports: ports.map(({ nodePort: _port, ...port }, index) => {
          const nodePort = nodePorts.get(index)
          return nodePort === undefined ? port : { ...port, nodePort }
        }),
      }),
    },
  }
}

export interface ReportInput {
  readonly state: ServiceState
  readonly resolved: ResolvedService
  /** Those that stand for a load balancer. */
  readonly addresses: readonly string[]
}

/** A class for speed: the whole object is made when it is asked for, and a plan of 10,000 Services is seldom looked at as a whole. */
export class ServiceReport implements StatusReport {
  readonly key: ObjectKey
  readonly health: Health
  readonly status: ServiceStatus
  readonly endpoints: readonly string[]
  readonly #input: ReportInput

  constructor(input: ReportInput) {
    const { addresses, resolved, state } = input
    this.#input = input
    this.key = resolved.key
    this.endpoints = readyEndpoints(resolved)
    this.health = healthOf(input, this.endpoints)
    this.status = {
      loadBalancer: resolved.service.spec.type === 'LoadBalancer' ? balancer(addresses) : {},
      ...(state.conditions.length > 0 && { conditions: state.conditions }),
    }
  }

  get object(): Service {
    const { created, service, uid } = this.#input.state
    const metadata = { ...service.metadata, uid, creationTimestamp: created }
    return { ...service, metadata, status: this.status }
  }

  toJSON(): StatusReport {
    const { endpoints, health, key, object, status } = this
    return { key, health, status, object, endpoints }
  }
}

function balancer(addresses: readonly string[]): { readonly ingress?: readonly LoadBalancerIngress[] } {
  return addresses.length === 0 ? {} : { ingress: addresses.map((ip) => ({ ip, ipMode: 'VIP' })) }
}

function healthOf({ resolved, state }: ReportInput, endpoints: readonly string[]): Health {
  const { isWhole, problem } = state
  if (problem !== undefined) return { kind: 'failed', ...problem }
  if (!isWhole) return { kind: 'progressing', message: 'is being given its addresses' }
  const { type } = resolved.service.spec
  if (type === 'ExternalName' || endpoints.length > 0) return { kind: 'healthy' }
  return { kind: 'healthy', message: 'nothing that is ready answers for it' }
}

/** `address:port`, sorted; of a Service without ports the addresses alone. */
function readyEndpoints({ slices }: ResolvedService): readonly string[] {
  const found = new Set<string>()
  for (const { addressType, endpoints = [], ports = [] } of slices) {
    for (const { addresses, conditions } of endpoints) {
      const [address] = addresses
      if (address === undefined || conditions?.ready === false) continue
      const host = addressType === 'IPv6' ? `[${address}]` : address
      if (ports.length === 0) found.add(host)
      for (const { port } of ports) if (port !== undefined) found.add(`${host}:${port}`)
    }
  }
  return [...found].toSorted()
}
