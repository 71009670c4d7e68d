import { claimsOfTemplates } from './quotaClaims.ts'
import type {
  KubernetesObject,
  PodAffinityTerm,
  PodSpec,
  Quantity,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from './generated/types.ts'
import { amountText, podLimits, podRequests } from './podResources.ts'
import { qosClassOf } from './qosClass.ts'
import { cpuMillis, parseQuantity } from './quantity.ts'

/** By the name that a quota has for it: cpu in thousandths of a core, everything else in units. */
export type Usage = ReadonlyMap<string, number>

/** An object of a commit, and the pods that it wants. */
export interface Wanted {
  readonly object: KubernetesObject
  /** With defaults and as admitted; absent of what makes no pods. */
  readonly spec?: PodSpec
  readonly pods: number
}

const OF_PODS = new Set([
  'cpu',
  'ephemeral-storage',
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'memory',
  'pods',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
])

/** A quota for these asks every container to say what it needs. Kubernetes calls that a mistake, and keeps it. */
const MUST_BE_SAID = new Set([
  'cpu',
  'limits.cpu',
  'limits.memory',
  'memory',
  'requests.cpu',
  'requests.memory',
])

/** Kinds that have had a name of their own in quotas before there was `count/`. */
const NAMED: ReadonlyMap<KubernetesObject['kind'], string> = new Map([
  ['ConfigMap', 'configmaps'],
  ['ResourceQuota', 'resourcequotas'],
  ['Secret', 'secrets'],
  ['Service', 'services'],
])

/** What pods use up, and not the mere being there of objects. */
export function isPodResource(name: string): boolean {
  return OF_PODS.has(name) || name.startsWith('hugepages-') || /^requests\.(hugepages-|.+\/)/.test(name)
}

/** What one object takes of a quota: of what the quota counts, and nothing that is zero. */
export function requestedOf(quota: ResourceQuota, wanted: Wanted): Usage {
  const hard = quota.spec?.hard ?? {}
  const usage = new Map<string, number>()
  const add = (name: string, amount: number): void => {
    if (amount > 0 && Object.hasOwn(hard, name)) usage.set(name, (usage.get(name) ?? 0) + amount)
  }
  const { pods, spec } = wanted
  if (spec !== undefined && pods > 0 && matchesScopes(quota, spec)) {
    for (const [name, amount] of podUsage(spec)) add(name, amount * pods)
  }
  if (scopesOf(quota).length > 0) return usage
  for (const [name, amount] of objectUsage(wanted)) add(name, amount)
  return usage
}

/** Containers that say nothing of what the quota wants to know, by resource; empty: it may be counted. */
export function unsaidIn(quota: ResourceQuota, spec: PodSpec): ReadonlyMap<string, readonly string[]> {
  const unsaid = new Map<string, readonly string[]>()
  if (!matchesScopes(quota, spec)) return unsaid
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  for (const name of Object.keys(quota.spec?.hard ?? {}).toSorted()) {
    if (!MUST_BE_SAID.has(name)) continue
    const resource = resourceOf(name)
    const field = name.startsWith('limits.') ? 'limits' : 'requests'
    if (spec.resources?.[field]?.[resource] !== undefined) continue
    const silent = containers.filter(({ resources }) => resources?.[field]?.[resource] === undefined)
    if (silent.length > 0) unsaid.set(name, silent.map((container) => container.name).toSorted())
  }
  return unsaid
}

/** `hard` of a quota, to be compared with usage. */
export function hardOf(quota: ResourceQuota): Usage {
  const hard = Object.entries(quota.spec?.hard ?? {})
  return new Map(hard.map(([name, quantity]) => [name, amountOf(name, quantity)]))
}

export function usageText(name: string, amount: number): string {
  return amountText(resourceOf(name), amount)
}

/** `requests.cpu` and `gold.storageclass.storage.k8s.io/requests.storage` are of cpu and storage. */
function resourceOf(name: string): string {
  const own = name.slice(
    name.lastIndexOf('.storageclass.storage.k8s.io/') < 0 ? 0 : name.lastIndexOf('/') + 1,
  )
  return own.replace(/^(requests|limits)\./, '')
}

function amountOf(name: string, quantity: Quantity): number {
  return resourceOf(name) === 'cpu' ? cpuMillis(quantity) : (parseQuantity(quantity) ?? 0)
}

function podUsage(spec: PodSpec): Usage {
  const usage = new Map([
    ['pods', 1],
    ['count/pods', 1],
  ])
  for (const [name, amount] of Object.entries(podRequests(spec))) {
    usage.set(name, amount).set(`requests.${name}`, amount)
  }
  for (const [name, amount] of Object.entries(podLimits(spec))) usage.set(`limits.${name}`, amount)
  return usage
}

function objectUsage({ object, pods, spec }: Wanted): Usage {
  const usage = new Map<string, number>()
  const add = (name: string, amount: number): void => void usage.set(name, (usage.get(name) ?? 0) + amount)
  if (object.kind !== 'Pod') add(countName(object.apiVersion, object.kind), 1)
  const named = NAMED.get(object.kind)
  if (named !== undefined) add(named, 1)
  // Its pods belong to it.
  if (object.kind === 'Deployment') add('count/replicasets.apps', 1)
  for (const { className, count, requested } of claimsOfTemplates(object, spec, pods)) {
    const prefixes = className === undefined ? [''] : ['', `${className}.storageclass.storage.k8s.io/`]
    for (const prefix of prefixes) {
      add(`${prefix}persistentvolumeclaims`, count)
      add(`${prefix}requests.storage`, (parseQuantity(requested) ?? 0) * count)
    }
    if (object.kind !== 'PersistentVolumeClaim') add('count/persistentvolumeclaims', count)
  }
  if (object.kind === 'Service') {
    const { allocateLoadBalancerNodePorts, ports = [], type } = object.spec
    const hasPorts =
      type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false)
    if (hasPorts) add('services.nodeports', ports.length)
    if (type === 'LoadBalancer') add('services.loadbalancers', 1)
  }
  return usage
}

/** `count/deployments.apps`, `count/configmaps`. */
function countName(apiVersion: string, kind: string): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : ''
  return `count/${kind.toLowerCase()}s${group}`
}

function scopesOf({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  const named = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }) as const)
  return [...named, ...(spec?.scopeSelector?.matchExpressions ?? [])]
}

function matchesScopes(quota: ResourceQuota, spec: PodSpec): boolean {
  return scopesOf(quota).every((scope) => matches(scope, spec))
}

function matches(
  { operator, scopeName, values = [] }: ScopedResourceSelectorRequirement,
  spec: PodSpec,
): boolean {
  switch (scopeName) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined
    case 'BestEffort':
      return qosClassOf(spec) === 'BestEffort'
    case 'NotBestEffort':
      return qosClassOf(spec) !== 'BestEffort'
    case 'CrossNamespacePodAffinity':
      return affinityTerms(spec).some(
        ({ namespaces, namespaceSelector }) =>
          (namespaces ?? []).length > 0 || namespaceSelector !== undefined,
      )
    case 'PriorityClass':
      return matchesPriority(operator, values, spec.priorityClassName || undefined)
    case 'VolumeAttributesClass':
      return false
    default:
      return scopeName satisfies never
  }
}

function matchesPriority(
  operator: ScopedResourceSelectorRequirement['operator'],
  values: readonly string[],
  name: string | undefined,
): boolean {
  switch (operator) {
    case 'Exists':
      return name !== undefined
    case 'DoesNotExist':
      return name === undefined
    case 'In':
      return name !== undefined && values.includes(name)
    case 'NotIn':
      return name === undefined || !values.includes(name)
    default:
      return operator satisfies never
  }
}

function affinityTerms({ affinity }: PodSpec): readonly PodAffinityTerm[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((one) => [
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.podAffinityTerm),
  ])
}
