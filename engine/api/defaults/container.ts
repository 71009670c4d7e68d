import type { Container, ContainerPort, EnvVar } from '../generated/types.ts'
import { canonicalQuantity } from '../quantity.ts'
import { lifecycleWithDefaults, probeWithDefaults } from './probes.ts'
import { resourcesWithDefaults } from './resources.ts'

export function containerWithDefaults(container: Container): Container {
  const { env, image, lifecycle, livenessProbe, ports, readinessProbe, resources, startupProbe } = container
  return {
    ...container,
    ...(env !== undefined && { env: env.map(envWithDefaults) }),
    ...(lifecycle !== undefined && { lifecycle: lifecycleWithDefaults(lifecycle) }),
    ...(livenessProbe !== undefined && { livenessProbe: probeWithDefaults(livenessProbe) }),
    ...(ports !== undefined && { ports: ports.map(portWithDefaults) }),
    ...(readinessProbe !== undefined && { readinessProbe: probeWithDefaults(readinessProbe) }),
    ...(startupProbe !== undefined && { startupProbe: probeWithDefaults(startupProbe) }),
    imagePullPolicy: container.imagePullPolicy ?? defaultPullPolicy(image ?? ''),
    resources: resourcesWithDefaults(resources ?? {}),
    terminationMessagePath: container.terminationMessagePath || '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'File',
  }
}

/** What may have changed since the last pull is pulled again: the tag `latest`, which is also the one not written. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const [reference = '', digest] = image.split('@', 2)
  const lastPart = reference.slice(reference.lastIndexOf('/') + 1)
  const colon = lastPart.indexOf(':')
  const tag = colon < 0 ? undefined : lastPart.slice(colon + 1)
  if (tag === 'latest') return 'Always'
  return tag === undefined && digest === undefined ? 'Always' : 'IfNotPresent'
}

/** Ports of a pod in the host's network are the host's ports. */
export function withHostPorts(container: Container): Container {
  if (container.ports === undefined) return container
  const ports = container.ports.map((port) => ({ ...port, hostPort: port.hostPort || port.containerPort }))
  return { ...container, ports }
}

function portWithDefaults(port: ContainerPort): ContainerPort {
  return { ...port, protocol: port.protocol ?? 'TCP' }
}

function envWithDefaults(variable: EnvVar): EnvVar {
  const { fieldRef, resourceFieldRef } = variable.valueFrom ?? {}
  if (fieldRef !== undefined && fieldRef.apiVersion === undefined) {
    return { ...variable, valueFrom: { ...variable.valueFrom, fieldRef: { ...fieldRef, apiVersion: 'v1' } } }
  }
  if (resourceFieldRef !== undefined) {
    const divisor = canonicalQuantity(resourceFieldRef.divisor ?? '0')
    return {
      ...variable,
      valueFrom: { ...variable.valueFrom, resourceFieldRef: { ...resourceFieldRef, divisor } },
    }
  }
  return variable
}
