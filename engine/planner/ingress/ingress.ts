import type { IngressConfig } from '../../api/ingress.ts'
import type { NodeName, ObjectKey } from '../../api/names.ts'
import type { StatusReport } from '../../api/plan.ts'
import type { Desired, Snapshot } from '../../api/snapshot.ts'
import { NO_TRAFFIC, type NodeTraffic } from '../../api/traffic.ts'
import { type Decision, nothing } from '../../controllers/decision.ts'
import { memoised } from '../../api/memo.ts'
import { memoryOf, memoryRecord, memoryWrite } from '../../controllers/memory.ts'
import { digestOf, sourceData, textOf } from '../../kubelet/requests/sources.ts'
import { resolvedBackend } from '../../proxy/ingressBackends.ts'
import {
  type IngressCertificates,
  ingressCertificates,
  type TlsSecret,
} from '../../proxy/ingressCertificates.ts'
import {
  type FoundIngress,
  type IngressProblem,
  type IngressRules,
  ingressRules,
} from '../../proxy/ingressRules.ts'
import { inOrder, lowerBound } from '../inOrder.ts'
import type { ServicesPlan } from '../services/services.ts'
import type { World } from '../world.ts'
import { ingressList, type WantedIngress } from './list.ts'
import { ingressNodes, portsOf } from './nodes.ts'
import { reportOf } from './report.ts'

/** What the proxies answer is added to what the nodes answer; without an Ingress in the commit all is as it was. */
export function withIngresses(services: ServicesPlan, world: World): ServicesPlan {
  const { desired, records } = world.snapshot
  const list = ingressList(desired.objects)
  if (list.length === 0) return services
  const state = stateOf(desired.objects)
  const rules = state.rules(list, desired, records)
  const { backends, problems } = backendsOf(rules, services)
  const nodes = ingressNodes(world.snapshot)
  const ingresses = rules.ingresses
  const config = state.config({
    ...portsOf(desired.cluster),
    ingresses,
    routes: rules.routes,
    backends,
    certificates: rules.certificates,
  })
  const all = [...rules.problems, ...problems]
  const reports = list.map((one) => reportOf(one, nodes, problemsOf(one.desired.key, all), world.snapshot))
  return {
    ...services,
    decisions: [...services.decisions, ...list.flatMap((one) => decisionOf(one, world))],
    reports: joined(services.reports, reports),
    traffic: state.traffic(
      services.traffic,
      ingresses.length === 0 ? [] : nodes.names,
      config,
      world.snapshot,
    ),
  }
}

/** When each Ingress came is on record: the older one has what two ask for. */
function decisionOf(
  { desired: { key }, written }: WantedIngress,
  { context, snapshot }: World,
): readonly Decision[] {
  const record = snapshot.records.get(key)
  const memory = memoryOf(key, { spec: written.spec ?? {} }, record, undefined, context)
  const next = memoryRecord(key, { memory, apiVersion: written.apiVersion, kind: 'Ingress' }, record, context)
  const writes = memoryWrite(key, record, next)
  return writes.length === 0 ? [] : [{ ...nothing(key), records: writes }]
}

function problemsOf(key: ObjectKey, all: readonly IngressProblem[]): readonly IngressProblem[] {
  return all.filter(({ ingress }) => ingress === key)
}

function backendsOf(
  { references }: IngressRules,
  { services }: ServicesPlan,
): { readonly backends: IngressConfig['backends']; readonly problems: readonly IngressProblem[] } {
  const problems: IngressProblem[] = []
  const backends = references.map((reference) => {
    const found = services[lowerBound(services, ({ key }) => key, reference.service)]
    const service = found?.key === reference.service ? found : undefined
    const { backend, problem } = resolvedBackend(reference, service)
    if (problem !== undefined)
      for (const ingress of reference.ingresses) problems.push({ ingress, ...problem })
    return backend
  })
  return { backends, problems }
}

function joined(
  services: ServicesPlan['reports'],
  own: readonly StatusReport[],
): ReadonlyMap<ObjectKey, StatusReport> {
  const all = new Map(services)
  for (const report of own) all.set(report.key, report)
  return all
}

interface Rules extends IngressRules, IngressCertificates {
  /** Those that are the engine's, by key. */
  readonly ingresses: readonly ObjectKey[]
}

/** What the last plan had, so that what is the same stays the very same: also where another commit says the same. */
class State {
  #rules: { readonly ages: string; readonly value: Rules } | undefined
  #config: IngressConfig | undefined
  readonly #traffic = new Map<NodeName, { readonly base: NodeTraffic; readonly value: NodeTraffic }>()

  constructor(before: State | undefined) {
    if (before === undefined) return
    this.#config = before.#config
    for (const [name, known] of before.#traffic) this.#traffic.set(name, known)
  }

  rules(list: readonly WantedIngress[], desired: Desired, records: Snapshot['records']): Rules {
    const ours = list.filter(({ owner }) => owner.kind === 'ours')
    const ageOf = ({ desired: { key } }: WantedIngress): string => {
      return `${records.get(key)?.object.metadata.creationTimestamp ?? '~'} ${key}`
    }
    const ages = ours.map(ageOf).join()
    if (this.#rules?.ages === ages) return this.#rules.value
    const oldest = inOrder(ours, ageOf).map((one): FoundIngress => {
      return { key: one.desired.key, ingress: one.written }
    })
    const routed = ingressRules(oldest)
    const secured = ingressCertificates(oldest, (namespace, name) => secretOf(desired, namespace, name))
    const value: Rules = {
      ...routed,
      ...secured,
      problems: [...routed.problems, ...secured.problems],
      ingresses: ours.map(({ desired: { key } }) => key),
    }
    this.#rules = { ages, value }
    return value
  }

  config(next: IngressConfig): IngressConfig {
    const last = this.#config
    if (last === undefined || !isSame(last, next)) this.#config = next
    return this.#config ?? next
  }

  traffic(
    base: ServicesPlan['traffic'],
    nodes: readonly NodeName[],
    ingress: IngressConfig,
    { observed }: Snapshot,
  ): NonNullable<ServicesPlan['traffic']> {
    const all = new Map<NodeName, NodeTraffic>(
      base ?? [...observed.nodes.keys()].toSorted().map((name) => [name, NO_TRAFFIC]),
    )
    for (const name of nodes) {
      const own = all.get(name)
      if (own === undefined) continue
      const known = this.#traffic.get(name)
      const isKnown = known?.base === own && known.value.ingress === ingress
      const value = isKnown ? known.value : { ...own, ingress }
      this.#traffic.set(name, { base: own, value })
      all.set(name, value)
    }
    return all
  }
}

let newest: WeakRef<State> | undefined

const stateOf = memoised<Desired['objects'], State>(() => {
  const state = new State(newest?.deref())
  newest = new WeakRef(state)
  return state
})

/** Nearly always by identity. Keys of certificates are compared by their hashes. */
function isSame(one: IngressConfig, other: IngressConfig): boolean {
  const isOne =
    one.ports.http === other.ports.http &&
    one.ports.https === other.ports.https &&
    one.address === other.address &&
    one.ingresses === other.ingresses &&
    one.routes === other.routes &&
    one.certificates === other.certificates &&
    one.backends.length === other.backends.length &&
    one.backends.every((backend, index) => backend === other.backends[index])
  return isOne || JSON.stringify(one) === JSON.stringify(other)
}

function secretOf(desired: Desired, namespace: string, name: string): TlsSecret | undefined {
  const data = sourceData(desired, 'Secret', namespace, name)
  if (data === undefined) return undefined
  return {
    text: (key) => {
      const value = data.get(key)
      return value === undefined ? undefined : textOf(value)
    },
    hash: (key) => digestOf(data, key),
  }
}
