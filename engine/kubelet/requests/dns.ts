import { CLUSTER_DOMAIN } from '../../api/clusterDns.ts'
import type { CreatePodRequest, DnsConfig } from '../../api/cri.ts'
import type { PodSpec } from '../../api/generated/types.ts'
import { resolvConfText } from '../../api/resolvConf.ts'
import { dnsAddress, serviceRanges } from '../../api/serviceRanges.ts'
import type { Desired } from '../../api/snapshot.ts'

/** As GetPodDNS of Kubernetes' pkg/kubelet/network/dns: a pod with the node's network gets the cluster's DNS only where it says so. */
export function dnsOf(
  spec: PodSpec,
  namespace: string,
  desired: Desired,
): Pick<CreatePodRequest, 'resolvConf' | 'dnsAdditions' | 'clusterDns'> {
  const config: DnsConfig = {
    nameservers: spec.dnsConfig?.nameservers ?? [],
    searches: spec.dnsConfig?.searches ?? [],
    options: (spec.dnsConfig?.options ?? []).map(({ name = '', value }) => ({
      name,
      ...(value !== undefined && { value }),
    })),
  }
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = spec
  if (dnsPolicy === 'None') return { resolvConf: resolvConfText(config) }
  const isCluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork)
  const clusterDns = isCluster ? clusterDnsOf(namespace, desired) : undefined
  return {
    ...(spec.dnsConfig !== undefined && { dnsAdditions: config }),
    ...(clusterDns !== undefined && { clusterDns }),
  }
}

/** Absent while the commit has no Service: then there is no name to ask for, and no server to ask. */
function clusterDnsOf(namespace: string, desired: Desired): DnsConfig | undefined {
  if (!hasServices(desired.objects)) return undefined
  const nameservers = serviceRanges(desired.cluster).flatMap((range) => dnsAddress(range) ?? [])
  if (nameservers.length === 0) return undefined
  const searches = [`${namespace}.svc.`, 'svc.', ''].map((part) => `${part}${CLUSTER_DOMAIN}`)
  return { nameservers, searches, options: [{ name: 'ndots', value: '5' }] }
}

const known = new WeakMap<Desired['objects'], boolean>()

/** By the commit's identity: it is looked through once, not for each pod. */
function hasServices(objects: Desired['objects']): boolean {
  return known.getOrInsertComputed(objects, () =>
    [...objects.values()].some(({ object }) => object.kind === 'Service'),
  )
}
