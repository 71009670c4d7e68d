import { clusterWithDefaults } from '../../api/defaults/objects.ts'
import type { Cluster, ClusterIngress, Node, Quantity } from '../../api/generated/types.ts'
import { addressAt, canonicalIp, type IpRange, ipRange, overlap } from '../../api/ipRanges.ts'
import { RESERVABLE } from '../../api/allocatable.ts'
import { LOG_BYTES_MIN } from '../../api/logLimits.ts'
import { parseQuantity } from '../../api/quantity.ts'
import type { CheckContext } from '../context.ts'
import { didYouMean } from '../suggestions.ts'
import { checkTaints } from './placement.ts'
import { checkQuantity } from './resources.ts'

export function checkCluster(context: CheckContext, cluster: Cluster): void {
  const { spec } = cluster
  if (spec === undefined || !context.sound(['spec'])) return
  const { podCIDR = '', serviceCIDR = '' } = clusterWithDefaults(cluster).spec ?? {}
  const pods = checkRanges(context, 'podCIDR', podCIDR)
  const services = checkRanges(context, 'serviceCIDR', serviceCIDR)
  if (pods[0]?.family === 'IPv6')
    context.error(
      ['spec', 'podCIDR'],
      'must begin with a range of IPv4',
      'such as 10.244.0.0/16,fd00:244::/64',
    )
  if (services.some((range) => pods.some((own) => overlap(own, range)))) {
    const field = spec.podCIDR === undefined ? 'serviceCIDR' : 'podCIDR'
    context.error(
      ['spec', field],
      'podCIDR and serviceCIDR overlap',
      'pods and Services need addresses of their own',
    )
  }
  checkReserved(context, spec.systemReserved)
  checkLogSize(context, spec.containerLogMaxSize)
  checkIssuer(context, spec.serviceAccountIssuer)
  checkProxy(context, spec.ingress)
  for (const [registry, mirrors] of Object.entries(spec.registries?.mirrors ?? {})) {
    for (const [index, mirror] of mirrors.entries()) {
      if (/^https?:\/\/[^/\s]+(?:\/\S*)?$/.test(mirror)) continue
      const path = ['spec', 'registries', 'mirrors', registry, index]
      context.error(
        path,
        `${JSON.stringify(mirror)} is no address of a registry`,
        'such as https://mirror.example',
      )
    }
  }
}

function checkProxy(context: CheckContext, proxy: ClusterIngress | undefined): void {
  const { address, httpPort = 80, httpsPort = 443 } = proxy ?? {}
  if (address !== undefined && canonicalIp(address) === undefined)
    context.error(['spec', 'ingress', 'address'], `${JSON.stringify(address)} is no IP address`)
  if (httpPort === httpsPort)
    context.error(['spec', 'ingress', 'httpsPort'], `${httpsPort} is the httpPort, too`, 'each has its own')
}

/** Source: OpenID Connect Discovery 1.0, section 3: https, and nothing behind the path. */
function checkIssuer(context: CheckContext, issuer: string | undefined): void {
  if (issuer === undefined || /^https:\/\/[^/?#\s]+(?:\/[^?#\s]*)?$/.test(issuer)) return
  const message = `${JSON.stringify(issuer)} is no issuer of tokens`
  context.error(['spec', 'serviceAccountIssuer'], message, 'such as https://tokens.example.org')
}

function checkLogSize(context: CheckContext, size: Quantity | undefined): void {
  if (size === undefined) return
  const path = ['spec', 'containerLogMaxSize']
  checkQuantity(context, path, size)
  const bytes = parseQuantity(size)
  if (bytes !== undefined && bytes >= 0 && bytes < LOG_BYTES_MIN)
    context.error(path, 'must be at least 16Ki', 'a file that small would hold a line or two')
}

function checkRange(context: CheckContext, field: string, text: string): IpRange | undefined {
  const range = ipRange(text)
  const isWhole = range !== undefined && canonicalIp(text.split('/')[0] ?? '') === addressAt(range, 0)
  if (!isWhole) {
    const message = `${JSON.stringify(text)} is no range of addresses`
    context.error(
      ['spec', field],
      message,
      'an address with no bits behind its prefix, such as 10.244.0.0/16',
    )
  }
  return isWhole ? range : undefined
}

/** One, or one of each family, as an API server's --service-cluster-ip-range. */
function checkRanges(
  context: CheckContext,
  field: 'podCIDR' | 'serviceCIDR',
  text: string,
): readonly IpRange[] {
  const parts = text.split(',')
  const ranges = parts.flatMap((part) => checkRange(context, field, part.trim()) ?? [])
  const [first, second] = ranges
  if (parts.length > 2 || (second !== undefined && first?.family === second.family))
    context.error(['spec', field], 'may hold one range, or one of IPv4 and one of IPv6')
  return ranges
}

/** A kubelet can reserve process ids as well; here a pod's own are limited. */
function checkReserved(context: CheckContext, reserved: Readonly<Record<string, Quantity>> = {}): void {
  for (const [name, quantity] of Object.entries(reserved)) {
    const path = ['spec', 'systemReserved', name]
    checkQuantity(context, path, quantity)
    if (RESERVABLE.some((known) => known === name)) continue
    const message = `${JSON.stringify(name)} cannot be reserved: it must be cpu, memory or ephemeral-storage`
    const hint =
      name === 'pid'
        ? 'podPidsLimit limits the processes of each pod'
        : didYouMean(name, RESERVABLE).suggestion
    context.error(path, message, hint)
  }
}

export function checkNode(context: CheckContext, node: Node): void {
  if (!context.intact(['spec'])) return
  checkTaints(context, ['spec', 'taints'], node.spec?.taints)
  checkReserved(context, node.spec?.systemReserved)
  const address = node.spec?.address
  if (address === undefined || !context.sound(['spec'])) return
  if (/^(?:local|ssh:\/\/(?:[^@/\s]+@)?[^@/\s]+)$/.test(address)) return
  const message = `${JSON.stringify(address)} is no address of a machine`
  context.error(['spec', 'address'], message, 'such as ssh://user@host or, for this machine, none at all')
}
