import { DEFAULT_SCHEDULER } from '../schedulers.ts'
import type { Container, PodSpec, PodTemplateSpec } from '../generated/types.ts'
import { containerWithDefaults, withHostPorts } from './container.ts'
import { podResourcesWithDefaults, withRequestsFromLimits } from './resources.ts'
import { volumeWithDefaults } from './volumes.ts'

/** A Pod's spec: all that a template gets, and what Kubernetes fills in only once there is a Pod. */
export function podSpecWithDefaults(spec: PodSpec): PodSpec {
  const filled = templateSpecWithDefaults(spec)
  const ofPod = (container: Container): Container => {
    const requested = withRequestsFromLimits(container)
    return spec.hostNetwork === true ? withHostPorts(requested) : requested
  }
  const containers = filled.containers.map(ofPod)
  return {
    ...filled,
    containers,
    ...(spec.resources !== undefined && { resources: podResourcesWithDefaults(spec.resources, containers) }),
    ...(filled.initContainers !== undefined && { initContainers: filled.initContainers.map(ofPod) }),
    enableServiceLinks: spec.enableServiceLinks ?? true,
  }
}

export function podTemplateWithDefaults(template: PodTemplateSpec): PodTemplateSpec {
  return { ...template, spec: templateSpecWithDefaults(template.spec) }
}

function templateSpecWithDefaults(spec: PodSpec): PodSpec {
  const { containers, initContainers, volumes } = spec
  return {
    ...spec,
    containers: containers.map(containerWithDefaults),
    ...(initContainers !== undefined && { initContainers: initContainers.map(containerWithDefaults) }),
    ...(volumes !== undefined && { volumes: volumes.map(volumeWithDefaults) }),
    dnsPolicy: spec.dnsPolicy ?? 'ClusterFirst',
    restartPolicy: spec.restartPolicy ?? 'Always',
    schedulerName: spec.schedulerName || DEFAULT_SCHEDULER,
    securityContext: spec.securityContext ?? {},
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
  }
}
