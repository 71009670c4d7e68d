import type { Service } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import { checkLabels } from './metadata.ts'
import { dnsLabel, dnsSubdomain, portName } from './names.ts'
import { checkUnique } from './unique.ts'

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
  checkExternalName(context, service)
}

function checkExternalName(context: CheckContext, service: Service): void {
  const { type, externalName } = service.spec
  if (type !== 'ExternalName') return
  if (!externalName) return context.error(['spec', 'externalName'], 'required field is missing')
  const rule = dnsSubdomain(externalName.replace(/\.$/, ''))
  if (rule !== undefined) context.error(['spec', 'externalName'], `${JSON.stringify(externalName)} ${rule}`)
}
