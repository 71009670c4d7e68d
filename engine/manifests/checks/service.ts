import type { Service, ServicePort } from '../../api/generated/types.ts'
import { canonicalIp, isSpecialIp } from '../../api/ipRanges.ts'
import { NODE_PORTS } from '../../api/serviceRanges.ts'
import type { CheckContext, Item } from '../context.ts'
import { checkLabels } from './metadata.ts'
import { dnsLabel, dnsSubdomain, portName } from './names.ts'
import { checkAddresses } from './serviceAddresses.ts'
import { checkUnique } from './unique.ts'

/** Source: ValidateService in Kubernetes' pkg/apis/core/validation. */
export function checkService(context: CheckContext, service: Service): void {
  const { spec } = service
  if (!context.intact(['spec'])) return
  checkLabels(context, ['spec', 'selector'], spec.selector)
  const ports = context.items(['spec', 'ports'], spec.ports)
  if ((spec.ports ?? []).length === 0 && spec.type !== 'ExternalName' && spec.clusterIP !== 'None') {
    context.error(['spec', 'ports'], 'required field is missing')
  }
  checkPorts(context, ports)
  checkTypes(context, service, ports)
  checkExternalName(context, service)
  checkAffinity(context, service)
  if (context.sound(['spec'])) checkAddresses(context, service)
  checkExternalAddresses(context, service)
}

function checkPorts(context: CheckContext, ports: readonly Item<ServicePort>[]): void {
  checkUnique(context, ports, 'name', (port) => port.name)
  checkUnique(context, ports, 'port', (port) => `${port.port}/${port.protocol ?? 'TCP'}`)
  checkUnique(context, ports, 'nodePort', ({ nodePort = 0, protocol = 'TCP' }) =>
    nodePort === 0 ? undefined : `${nodePort}/${protocol}`,
  )
  for (const { value, path } of ports) {
    if (value.name === undefined && ports.length > 1) {
      context.error([...path, 'name'], 'required field is missing', 'each of several ports has a name')
    }
    const ofName = value.name === undefined ? undefined : dnsLabel(value.name)
    if (ofName !== undefined) context.error([...path, 'name'], `${JSON.stringify(value.name)} ${ofName}`)
    const target =
      typeof value.targetPort === 'string' && value.targetPort !== '' ? portName(value.targetPort) : undefined
    if (target !== undefined)
      context.error([...path, 'targetPort'], `${JSON.stringify(value.targetPort)} ${target}`)
  }
}

/** What a Service of one type may not have. */
function checkTypes(context: CheckContext, { spec }: Service, ports: readonly Item<ServicePort>[]): void {
  const type = spec.type ?? 'ClusterIP'
  const outside = type === 'NodePort' || type === 'LoadBalancer'
  if (outside && spec.clusterIP === 'None')
    context.error(['spec', 'clusterIP'], `may not be set to 'None' for ${type} services`)
  if (!outside && (spec.externalIPs ?? []).length === 0 && spec.externalTrafficPolicy !== undefined)
    context.error(
      ['spec', 'externalTrafficPolicy'],
      'may only be set for externally-accessible services',
      'of type NodePort or LoadBalancer, or with externalIPs',
    )
  for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const)
    if (type !== 'LoadBalancer' && spec[field] !== undefined)
      context.error(['spec', field], "may only be used when `type` is 'LoadBalancer'")
  for (const { value, path } of ports) {
    const { nodePort = 0 } = value
    if (nodePort === 0) continue
    if (!outside) context.error([...path, 'nodePort'], `may not be used when \`type\` is '${type}'`)
    else if (nodePort < NODE_PORTS.first || nodePort > NODE_PORTS.last)
      context.error(
        [...path, 'nodePort'],
        `${nodePort}: provided port is not in the valid range. The range of valid ports is ${NODE_PORTS.first}-${NODE_PORTS.last}`,
      )
  }
}

function checkExternalName(context: CheckContext, service: Service): void {
  const { type, externalName } = service.spec
  if (type !== 'ExternalName') return
  if (!externalName) return context.error(['spec', 'externalName'], 'required field is missing')
  const rule = dnsSubdomain(externalName.replace(/\.$/, ''))
  if (rule !== undefined) context.error(['spec', 'externalName'], `${JSON.stringify(externalName)} ${rule}`)
}

function checkAffinity(context: CheckContext, { spec }: Service): void {
  if (spec.sessionAffinity === 'ClientIP' || spec.sessionAffinityConfig === undefined) return
  context.error(['spec', 'sessionAffinityConfig'], "must not be set when session affinity is 'None'")
}

function checkExternalAddresses(context: CheckContext, { spec }: Service): void {
  for (const { path, value } of context.items(['spec', 'externalIPs'], spec.externalIPs)) {
    if (canonicalIp(value) === undefined)
      context.error(path, `${JSON.stringify(value)} is no IP address`, 'such as 192.0.2.10')
    else if (isSpecialIp(value))
      context.error(
        path,
        `${value}: may be neither unspecified, nor in the loopback, link-local or multicast ranges`,
      )
  }
}
