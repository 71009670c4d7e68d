import type { Cluster, PodSpec, Service } from '../api/generated/types.ts'
import { canonicalIp, type IpRange, placeInRange } from '../api/ipRanges.ts'
import { type ObjectKey, objectKey } from '../api/names.ts'
import { podSpecsOf } from '../api/podSpecs.ts'
import { type Labels, matchesLabels } from '../api/selectors.ts'
import { dnsAddress, serviceRanges } from '../api/serviceRanges.ts'
import { SERVICE_NAME } from '../api/services.ts'
import { namedPort } from '../api/targetPorts.ts'
import { clusterWithDefaults } from '../api/defaults/objects.ts'
import type { Path } from './diagnostics.ts'
import { type Finding, type Index, placeText, type Standing } from './standing.ts'

/** `isAlone`: some manifests on their own, so that pods and the Cluster may well stand elsewhere. */
export function services(standings: readonly Standing[], index: Index, isAlone: boolean): readonly Finding[] {
  const found = standings.flatMap((standing): readonly FoundService[] => {
    const object = standing.placed.read.valid?.object
    return object?.kind === 'Service' ? [{ standing, service: object }] : []
  })
  if (found.length === 0) return slicesAlone(standings, index, isAlone)
  const pods = new Map<string, Template[]>()
  for (const standing of standings)
    for (const { labels, template } of templatesOf(standing))
      for (const label of labels) pods.getOrInsertComputed(label, () => []).push(template)
  const ranges = rangesOf(standings, isAlone)
  return [
    ...twice(found),
    ...found.flatMap((one) => [
      ...(ranges === undefined ? [] : rangeFindings(one, ranges)),
      ...podFindings(one, pods, isAlone),
    ]),
    ...slicesAlone(standings, index, isAlone),
  ]
}

interface FoundService {
  readonly standing: Standing
  readonly service: Service
}

interface Template {
  readonly labels: Labels
  readonly spec: PodSpec
}

function namespaceOf({ metadata }: Service): string {
  return metadata.namespace ?? 'default'
}

/** With what their labels are found by: `namespace key=value`. */
function templatesOf(
  standing: Standing,
): readonly { readonly labels: readonly string[]; readonly template: Template }[] {
  const object = standing.placed.read.valid?.object
  if (object === undefined) return []
  const namespace = object.metadata?.namespace ?? 'default'
  return podSpecsOf(object).map(({ metadata, spec }) => {
    const labels = metadata?.labels ?? {}
    return {
      labels: Object.entries(labels).map(([key, value]) => labelKey(namespace, key, value)),
      template: { labels, spec },
    }
  })
}

function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace} ${key}=${value}`
}

/** Undefined: the Cluster may stand elsewhere. */
function rangesOf(standings: readonly Standing[], isAlone: boolean): readonly IpRange[] | undefined {
  for (const { placed } of standings) {
    const object = placed.read.valid?.object
    if (object?.kind === 'Cluster') return serviceRanges(object)
  }
  const unnamed: Cluster = { apiVersion: 'reconcile.dev/v1', kind: 'Cluster', metadata: { name: 'default' } }
  return isAlone ? undefined : serviceRanges(clusterWithDefaults(unnamed))
}

/** One address and one port of a machine lead to one Service. */
function twice(found: readonly FoundService[]): readonly Finding[] {
  const holders = new Map<string, FoundService>()
  return found.flatMap((one) =>
    claimsOf(one.service).flatMap(({ path, what }): readonly Finding[] => {
      const holder = holders.getOrInsertComputed(what, () => one)
      if (holder.service === one.service || keyOf(holder.service) === keyOf(one.service)) return []
      const name = `${namespaceOf(holder.service)}/${holder.service.metadata.name ?? ''}`
      const message = `${what} is taken by Service ${name} (${placeText(holder.standing)})`
      const suggestion = 'choose another one, or leave it out and be given one'
      return [{ standing: one.standing, path, severity: 'error', message, suggestion }]
    }),
  )
}

function claimsOf({ spec }: Service): readonly { readonly path: Path; readonly what: string }[] {
  const first = spec.clusterIP === undefined ? [] : [{ path: ['spec', 'clusterIP'], address: spec.clusterIP }]
  const others = (spec.clusterIPs ?? [])
    .map((address, index) => ({ path: ['spec', 'clusterIPs', index], address }))
    .filter(({ address }) => address !== spec.clusterIP)
  const addresses = [...first, ...others].flatMap(({ address, path }) => {
    const canonical = canonicalIp(address)
    return canonical === undefined ? [] : [{ path, what: `the address ${canonical}` }]
  })
  const ports = (spec.ports ?? []).flatMap(({ nodePort = 0, protocol = 'TCP' }, index) =>
    nodePort === 0
      ? []
      : [{ path: ['spec', 'ports', index, 'nodePort'], what: `the node port ${nodePort}/${protocol}` }],
  )
  return [...addresses, ...ports]
}

function keyOf({ metadata }: Service): ObjectKey {
  return objectKey('Service', metadata.namespace, metadata.name ?? '')
}

/** In the words of Kubernetes' IP allocator. */
function rangeFindings({ service, standing }: FoundService, ranges: readonly IpRange[]): readonly Finding[] {
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy, type } = service.spec
  if (type === 'ExternalName') return []
  const error = (path: Path, message: string, suggestion: string): Finding => {
    return { standing, path, severity: 'error', message, suggestion }
  }
  const findings: Finding[] = []
  const texts = ranges.map(({ text }) => text).join(', ')
  const asked = clusterIPs.length > 0 ? clusterIPs : [clusterIP]
  for (const [index, address] of asked.entries()) {
    if (canonicalIp(address) === undefined) continue
    const path = clusterIPs.length > 0 ? ['spec', 'clusterIPs', index] : ['spec', 'clusterIP']
    const range = ranges.find((one) => placeInRange(one, address) !== undefined)
    if (range === undefined)
      findings.push(
        error(path, `the provided IP is not in the valid range ${texts}`, 'the serviceCIDR of the Cluster'),
      )
    else if (canonicalIp(address) === dnsAddress(range))
      findings.push(error(path, `${address} is the DNS server's address`, 'choose another one'))
  }
  for (const [index, family] of ipFamilies.entries())
    if (!ranges.some((range) => range.family === family))
      findings.push(
        error(
          ['spec', 'ipFamilies', index],
          `${JSON.stringify(family)} is not configured on this cluster`,
          `give the Cluster a serviceCIDR of ${family} too`,
        ),
      )
  if (ipFamilyPolicy === 'RequireDualStack' && ranges.length < 2)
    findings.push(
      error(
        ['spec', 'ipFamilyPolicy'],
        'this cluster is not configured for dual-stack services',
        'give the Cluster a serviceCIDR of both families, with a comma between them',
      ),
    )
  return findings
}

/** Nothing answers, which a Service may live with: a later commit may bring the pods. */
function podFindings(
  { service, standing }: FoundService,
  pods: ReadonlyMap<string, readonly Template[]>,
  isAlone: boolean,
): readonly Finding[] {
  const { ports = [], selector = {}, type } = service.spec
  const [first] = Object.entries(selector)
  if (type === 'ExternalName' || first === undefined) return []
  const candidates = pods.get(labelKey(namespaceOf(service), ...first)) ?? []
  const matching = candidates.filter(({ labels }) => matchesLabels(selector, labels))
  const warning = (path: Path, message: string): Finding => ({ standing, path, severity: 'warning', message })
  if (matching.length === 0) {
    const message = `matches no pod of the repository: nothing answers for this Service`
    return isAlone ? [] : [warning(['spec', 'selector'], message)]
  }
  return ports.flatMap((port, index) => {
    const { targetPort } = port
    if (typeof targetPort !== 'string' || targetPort === '') return []
    if (matching.some(({ spec }) => namedPort(targetPort, port.protocol, spec) !== undefined)) return []
    const message = `no container of the pods that it selects has a port named ${JSON.stringify(targetPort)}`
    return [warning(['spec', 'ports', index, 'targetPort'], message)]
  })
}

function slicesAlone(standings: readonly Standing[], index: Index, isAlone: boolean): readonly Finding[] {
  if (isAlone) return []
  return standings.flatMap((standing): readonly Finding[] => {
    const object = standing.placed.read.valid?.object
    const name = object?.kind === 'EndpointSlice' ? object.metadata.labels?.[SERVICE_NAME] : undefined
    if (name === undefined) return []
    const namespace = object?.metadata?.namespace ?? 'default'
    if (index.has(objectKey('Service', namespace, name))) return []
    const message = `there is no Service ${namespace}/${name}: nobody uses these endpoints`
    return [{ standing, path: ['metadata', 'labels', SERVICE_NAME], severity: 'warning', message }]
  })
}
