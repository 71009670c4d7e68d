import type { Container } from '../../api/generated/types.ts'
import { canonicalIp } from '../../api/ipRanges.ts'
import type { CheckContext, Item } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { portName } from './names.ts'
import { checkUnique } from './unique.ts'

export function checkPorts(
  context: CheckContext,
  path: Path,
  container: Container,
  hostNetwork: boolean,
): void {
  const ports = context.items([...path, 'ports'], container.ports)
  checkUnique(context, ports, 'name', (port) => port.name)
  for (const { value, path: at } of ports) {
    const rule = value.name === undefined ? undefined : portName(value.name)
    if (rule !== undefined) context.error([...at, 'name'], `${JSON.stringify(value.name)} ${rule}`)
    if (value.hostIP && canonicalIp(value.hostIP) === undefined) {
      context.error([...at, 'hostIP'], `${JSON.stringify(value.hostIP)} is no IP address`)
    }
    if (hostNetwork && value.hostPort && value.hostPort !== value.containerPort) {
      context.error([...at, 'hostPort'], "must be the containerPort, as the pod is in the host's network")
    }
  }
}

interface HostPort {
  readonly port: number
  readonly protocol: string
  readonly address: string
}

/** No two containers of a pod may take one port of the machine. Init containers have ended before, so they do not count. */
export function checkHostPorts(
  context: CheckContext,
  containers: readonly Item<Container>[],
  hostNetwork: boolean,
): void {
  const taken: HostPort[] = []
  for (const { value: container, path } of containers) {
    for (const { value, path: at } of context.items([...path, 'ports'], container.ports)) {
      const port = value.hostPort || (hostNetwork ? value.containerPort : 0)
      if (port === 0) continue
      const wanted = { port, protocol: value.protocol ?? 'TCP', address: value.hostIP || '0.0.0.0' }
      if (taken.some((other) => conflicts(wanted, other))) {
        const field = value.hostPort ? 'hostPort' : 'containerPort'
        context.error([...at, field], `port ${port} of the host is used twice in this pod`)
      }
      taken.push(wanted)
    }
  }
}

function conflicts(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false
  return a.address === b.address
}
