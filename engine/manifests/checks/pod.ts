import type { PodSpec } from '../../api/generated/types.ts'
import { canonicalIp } from '../../api/ipRanges.ts'
import { DEFAULT_SCHEDULER } from '../../api/schedulers.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkContainer, checkInitContainer, type PodFacts } from './container.ts'
import { checkLabels } from './metadata.ts'
import { dnsSubdomain } from './names.ts'
import { checkIdentity, checkUsers } from './identity.ts'
import { checkPlacement } from './placement.ts'
import { checkPodResources } from './podResources.ts'
import { checkHostPorts } from './ports.ts'
import { checkPodSecurity } from './security.ts'
import { checkUnique } from './unique.ts'
import { checkVolumes } from './volumes.ts'

const NAMESERVERS_MAX = 3
const SEARCHES_MAX = 32
const DEFAULT_GRACE_SECONDS = 30

export function checkPodSpec(context: CheckContext, path: Path, spec: PodSpec): void {
  if (!context.intact(path)) return
  checkContainers(context, path, spec)
  checkVolumes(context, context.items([...path, 'volumes'], spec.volumes), isForWindows(spec))
  if (isForWindows(spec))
    context.warn([...path, 'nodeSelector'], 'asks for a Windows node, and there are none: the pod will wait')
  if ((spec.schedulerName || DEFAULT_SCHEDULER) !== DEFAULT_SCHEDULER)
    context.warn(
      [...path, 'schedulerName'],
      `is not ${DEFAULT_SCHEDULER}, and no other one runs here: the pod will wait`,
    )
  checkNetwork(context, path, spec)
  checkLabels(context, [...path, 'nodeSelector'], spec.nodeSelector)
  checkPlacement(context, path, spec)
  checkPodResources(context, path, spec)
  checkIdentity(context, path, spec)
  checkUsers(context, path, spec)
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    context.error([...path, 'shareProcessNamespace'], 'may not be true together with hostPID')
  }
  const security = [...path, 'securityContext']
  if (spec.securityContext !== undefined && context.sound(security)) {
    checkPodSecurity(context, security, spec.securityContext, spec)
  }
}

function isForWindows(spec: PodSpec): boolean {
  return spec.nodeSelector?.['kubernetes.io/os'] === 'windows'
}

function checkContainers(context: CheckContext, path: Path, spec: PodSpec): void {
  const facts = factsOf(context, path, spec)
  const init = context.items([...path, 'initContainers'], spec.initContainers)
  const main = context.items([...path, 'containers'], spec.containers)
  checkUnique(context, [...init, ...main], 'name', (container) => container.name)
  for (const { value, path: at } of init) {
    checkInitContainer(context, at, value)
    checkContainer(context, at, value, facts)
  }
  for (const { value, path: at } of main) {
    checkContainer(context, at, value, facts)
  }
  checkHostPorts(context, main, facts.hostNetwork)
}

function factsOf(context: CheckContext, path: Path, spec: PodSpec): PodFacts {
  const volumes = context.items([...path, 'volumes'], spec.volumes)
  const allKnown = context.intact([...path, 'volumes']) && volumes.length === (spec.volumes?.length ?? 0)
  return {
    hostNetwork: spec.hostNetwork === true,
    hostUsers: spec.hostUsers !== false,
    graceSeconds: spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
    restartPolicy: spec.restartPolicy ?? 'Always',
    os: spec.os?.name,
    isForWindows: isForWindows(spec),
    volumes: allKnown ? volumes.map((volume) => volume.value.name) : undefined,
    claims: volumes
      .filter(({ value }) => value.persistentVolumeClaim !== undefined || value.ephemeral !== undefined)
      .map(({ value }) => value.name),
  }
}

function checkNetwork(context: CheckContext, path: Path, spec: PodSpec): void {
  const { dnsConfig } = spec
  if (dnsConfig !== undefined && context.sound([...path, 'dnsConfig'])) {
    const servers = context.items([...path, 'dnsConfig', 'nameservers'], dnsConfig.nameservers)
    for (const { value, path: at } of servers) {
      if (canonicalIp(value) === undefined) context.error(at, `${JSON.stringify(value)} is no IP address`)
    }
    checkCount(context, [...path, 'dnsConfig', 'nameservers'], servers.length, NAMESERVERS_MAX)
    checkCount(context, [...path, 'dnsConfig', 'searches'], dnsConfig.searches?.length ?? 0, SEARCHES_MAX)
  }
  if (spec.dnsPolicy === 'None' && (dnsConfig?.nameservers ?? []).length === 0) {
    context.error(
      [...path, 'dnsConfig', 'nameservers'],
      'must name at least one server when dnsPolicy is None',
    )
  }
  for (const { value, path: at } of context.items([...path, 'hostAliases'], spec.hostAliases)) {
    if (canonicalIp(value.ip) === undefined)
      context.error([...at, 'ip'], `${JSON.stringify(value.ip)} is no IP address`)
    for (const [index, name] of (value.hostnames ?? []).entries()) {
      const rule = dnsSubdomain(name)
      if (rule !== undefined) context.error([...at, 'hostnames', index], `${JSON.stringify(name)} ${rule}`)
    }
  }
}

function checkCount(context: CheckContext, path: Path, count: number, most: number): void {
  if (count > most) context.error(path, `must have no more than ${most} items, not ${count}`)
}
