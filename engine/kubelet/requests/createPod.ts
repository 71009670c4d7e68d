import type { CreatePodRequest, PortMapping } from '../../api/cri.ts'
import type { VolumeRequest } from '../../api/volumeRequests.ts'
import type { PodSpec } from '../../api/generated/types.ts'
import { bandwidthOf } from '../../api/podAnnotations.ts'
import type { PodRecord } from '../../api/records.ts'
import type { Desired, ObservedNode } from '../../api/snapshot.ts'
import { type ConfigProblem, isProblem } from '../context.ts'
import { filledFactsOf, type PodFacts } from '../facts.ts'
import { dnsOf } from './dns.ts'
import type { FilesContext } from './fileVolumes.ts'
import { hostNames } from './hostname.ts'
import { podCgroupOf } from './podCgroup.ts'
import { exclusiveCpusOf } from './resources.ts'
import { sysctlProblem } from './sysctls.ts'
import { volumeRequest } from './volumes.ts'

export function createPodRequest(
  record: PodRecord,
  desired: Desired,
  node: ObservedNode | undefined,
  now: Temporal.Instant,
): CreatePodRequest | ConfigProblem {
  const facts = filledFactsOf(record.pod.spec)
  const { spec } = facts
  const { name = '', namespace = 'default' } = record.pod.metadata
  const names = hostNames(spec, name, namespace)
  if (isProblem(names)) return names
  const fsGroup = spec.securityContext?.fsGroup
  const forbidden = sysctlProblem(spec, record.node, desired)
  if (forbidden !== undefined) return forbidden
  const volumes = volumeRequests(spec, { record, spec, desired, node, now })
  if (isProblem(volumes)) return volumes
  return {
    record,
    ...names,
    hostNetwork: spec.hostNetwork ?? false,
    hostIPC: spec.hostIPC ?? false,
    hostAliases: (spec.hostAliases ?? []).map(({ hostnames = [], ip }) => ({ ip, hostnames })),
    ...dnsOf(spec, namespace, desired),
    portMappings: spec.hostNetwork === true ? [] : portMappings(facts),
    volumes,
    ...(fsGroup !== undefined && { fsGroup }),
    ...confinement(record, spec, desired),
  }
}

/** A pod with the node's network has the node's bandwidth. */
function confinement(record: PodRecord, spec: PodSpec, { cluster }: Desired): Partial<CreatePodRequest> {
  const bandwidth = spec.hostNetwork === true ? undefined : bandwidthOf(record.pod.metadata.annotations)
  const exclusiveCpus = exclusiveCpusOf(spec)
  const pidsMax = cluster.spec?.podPidsLimit
  return {
    cgroup: { ...podCgroupOf(spec), ...(pidsMax !== undefined && { pidsMax }) },
    ...(bandwidth !== undefined && { bandwidth }),
    ...(spec.hostUsers === false && { userNamespace: true }),
    ...(exclusiveCpus !== undefined && { exclusiveCpus }),
  }
}

function volumeRequests(spec: PodSpec, context: FilesContext): readonly VolumeRequest[] | ConfigProblem {
  const requests: VolumeRequest[] = []
  for (const volume of spec.volumes ?? []) {
    const request = volumeRequest(volume, context)
    if (request.kind === 'problem') return request
    requests.push(request)
  }
  return requests
}

function portMappings(facts: PodFacts): readonly PortMapping[] {
  const lasting = [...facts.inits.filter(({ role }) => role === 'sidecar'), ...facts.mains]
  return lasting.flatMap(({ container }) =>
    (container.ports ?? [])
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ containerPort, hostIP, hostPort, protocol }) => ({
        hostPort: hostPort ?? containerPort,
        containerPort,
        protocol: protocol ?? 'TCP',
        ...(hostIP !== undefined && hostIP !== '' && { hostIP }),
      })),
  )
}
