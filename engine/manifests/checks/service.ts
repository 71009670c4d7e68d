import type { Service, ServicePort } from '../../api/generated/types.ts'
import type { CheckContext, Item } from '../context.ts'
import { checkLabels } from './metadata.ts'
import { dnsLabel, dnsSubdomain, portName } from './names.ts'
import { checkUnique } from './unique.ts'

/** Of an API server whose --service-node-port-range nobody has set. */
const NODE_PORT_MIN = 30_000
const NODE_PORT_MAX = 32_767

export function checkService(context: CheckContext, service: Service): void {
  const { spec } = service
  if (!context.intact(['spec'])) return
  checkLabels(context, ['spec', 'selector'], spec.selector)
  const ports = context.items(['spec', 'ports'], spec.ports)
  if ((spec.ports ?? []).length === 0 && spec.type !== 'ExternalName' && spec.clusterIP !== 'None') {
    context.error(['spec', 'ports'], 'required field is missing')
  }
  checkUnique(context, ports, 'name', (port) => port.name)
  checkUnique(context, ports, 'port', (port) => `${port.port}/${port.protocol ?? 'TCP'}`)
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
  checkTypes(context, service, ports)
  checkExternalName(context, service)
}

/** What a Service of one type may not have. Source: ValidateService in Kubernetes' pkg/apis/core/validation. */
function checkTypes(context: CheckContext, { spec }: Service, ports: readonly Item<ServicePort>[]): void {
  const type = spec.type ?? 'ClusterIP'
  const outside = type === 'NodePort' || type === 'LoadBalancer'
  if (outside && spec.clusterIP === 'None')
    context.error(['spec', 'clusterIP'], `may not be set to 'None' for ${type} services`)
  if (!outside && spec.externalTrafficPolicy !== undefined)
    context.error(
      ['spec', 'externalTrafficPolicy'],
      'may only be set for externally-accessible services',
      'of type NodePort or LoadBalancer',
    )
  for (const { value, path } of ports) {
    const { nodePort = 0 } = value
    if (nodePort === 0) continue
    if (!outside) context.error([...path, 'nodePort'], `may not be used when \`type\` is '${type}'`)
    else if (nodePort < NODE_PORT_MIN || nodePort > NODE_PORT_MAX)
      context.error(
        [...path, 'nodePort'],
        `${nodePort}: provided port is not in the valid range. The range of valid ports is ${NODE_PORT_MIN}-${NODE_PORT_MAX}`,
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
