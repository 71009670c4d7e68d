import type { EndpointSlice, Service, ServicePort, ServiceSpec } from '../generated/types.ts'

/** Three hours. */
const CLIENT_AFFINITY_SECONDS = 10_800

export function serviceWithDefaults(service: Service): Service {
  return { ...service, spec: serviceSpecWithDefaults(service.spec) }
}

function serviceSpecWithDefaults(spec: ServiceSpec): ServiceSpec {
  const type = spec.type ?? 'ClusterIP'
  const outside = type === 'NodePort' || type === 'LoadBalancer'
  const sessionAffinity = spec.sessionAffinity ?? 'None'
  return {
    ...spec,
    type,
    sessionAffinity,
    ...(sessionAffinity === 'ClientIP' && {
      sessionAffinityConfig: {
        clientIP: {
          timeoutSeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? CLIENT_AFFINITY_SECONDS,
        },
      },
    }),
    ...(spec.ports !== undefined && { ports: spec.ports.map(portWithDefaults) }),
    ...(type !== 'ExternalName' && { internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster' }),
    ...(outside && { externalTrafficPolicy: spec.externalTrafficPolicy ?? 'Cluster' }),
    ...(type === 'LoadBalancer' && {
      allocateLoadBalancerNodePorts: spec.allocateLoadBalancerNodePorts ?? true,
    }),
  }
}

function portWithDefaults(port: ServicePort): ServicePort {
  return { ...port, protocol: port.protocol ?? 'TCP', targetPort: port.targetPort || port.port }
}

export function endpointSliceWithDefaults(slice: EndpointSlice): EndpointSlice {
  const { endpoints = [], ports = [] } = slice
  return {
    ...slice,
    endpoints,
    ports: ports.map((port) => ({ ...port, name: port.name ?? '', protocol: port.protocol ?? 'TCP' })),
  }
}
