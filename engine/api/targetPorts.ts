import type { Container, ContainerPort, PodSpec, ServicePort } from './generated/types.ts'

/** A name is looked up among the ports of the pod's containers and sidecars; undefined: it has no port of that name. */
export function targetPort(
  { port, protocol, targetPort: target }: ServicePort,
  pod: PodSpec,
): number | undefined {
  if (target === undefined || target === '' || target === 0) return port
  return typeof target === 'number' ? target : namedPort(target, protocol, pod)
}

export function namedPort(name: string, protocol: ServicePort['protocol'], pod: PodSpec): number | undefined {
  return containersOf(pod)
    .flatMap(({ ports = [] }): readonly ContainerPort[] => ports)
    .find((one) => one.name === name && (one.protocol ?? 'TCP') === (protocol ?? 'TCP'))?.containerPort
}

function containersOf({ containers, initContainers = [] }: PodSpec): readonly Container[] {
  return [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')]
}
