import type { PodSpec } from './generated/types.ts'

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

const NONE: readonly HostPort[] = []

/** In the host's network every port of a container is one of the host's. Init containers end before; sidecars do not. */
export function hostPortsOf(spec: PodSpec): readonly HostPort[] {
  let used: HostPort[] | undefined
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  for (const container of [...sidecars, ...spec.containers]) {
    for (const { containerPort, hostIP, hostPort, protocol } of container.ports ?? []) {
      const port = hostPort || (spec.hostNetwork === true ? containerPort : 0)
      if (port === 0) continue
      used ??= []
      used.push({ ip: hostIP ?? '', protocol: protocol ?? 'TCP', port })
    }
  }
  return used ?? NONE
}

/** All addresses (none, 0.0.0.0 or ::) are in the way of each one. */
export function portsConflict(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false
  return a.ip === b.ip || isAnyAddress(a.ip) || isAnyAddress(b.ip)
}

function isAnyAddress(ip: string): boolean {
  return ip === '' || ip === '0.0.0.0' || ip === '::'
}
