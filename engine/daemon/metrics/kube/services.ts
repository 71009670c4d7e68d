import type { EndpointSlice, Service } from '../../../api/generated/types.ts'
import { SERVICE_NAME } from '../../../api/services.ts'
import { Describing, type Family, type Row, unixSeconds } from '../table.ts'

const service = new Describing<Service>(['namespace', 'service', 'uid'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  service: metadata.name,
  uid: metadata.uid ?? '',
}))

export const SERVICE_FAMILIES: readonly Family<Service>[] = [
  service.gauges(
    'kube_service_info',
    'Information about service.',
    ['cluster_ip', 'external_name', 'external_traffic_policy', 'load_balancer_ip'],
    ({ spec }) => {
      const { clusterIP = '', externalName = '', externalTrafficPolicy = '', loadBalancerIP = '' } = spec
      return [[[clusterIP, externalName, externalTrafficPolicy, loadBalancerIP], 1]]
    },
  ),
  service.gauge('kube_service_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  service.gauges('kube_service_spec_type', 'Type about service.', ['type'], ({ spec }) => [
    [[spec.type ?? 'ClusterIP'], 1],
  ]),
  service.labelled('kube_service_labels', ({ metadata }) => metadata.labels),
  service.gauges(
    'kube_service_spec_external_ip',
    'Service external ips. One series for each ip',
    ['external_ip'],
    ({ spec }) => (spec.externalIPs ?? []).map((ip): Row => [[ip], 1]),
  ),
  service.gauges(
    'kube_service_status_load_balancer_ingress',
    'Service load balancer ingress status',
    ['ip', 'hostname'],
    ({ status }) =>
      (status?.loadBalancer?.ingress ?? []).map(({ hostname = '', ip = '' }): Row => [[ip, hostname], 1]),
  ),
]

/** Those of no Service lead nowhere. */
const slice = new Describing<EndpointSlice>(['namespace', 'endpoint'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  endpoint: metadata.labels?.[SERVICE_NAME] ?? '',
}))

export const ENDPOINT_FAMILIES: readonly Family<EndpointSlice>[] = [
  slice.gauges(
    'kube_endpoint_address',
    'Information about Endpoint available and non available addresses.',
    ['ip', 'ready', 'port_number', 'port_name', 'port_protocol'],
    ({ endpoints = [], ports = [] }) =>
      endpoints.flatMap(({ addresses, conditions }) =>
        addresses.flatMap((ip) =>
          (ports.length === 0 ? [{}] : ports).map(({ name = '', port, protocol = 'TCP' }: PortLike): Row => {
            const ready = String(conditions?.ready ?? true)
            return [[ip, ready, port === undefined ? '' : String(port), name, protocol], 1]
          }),
        ),
      ),
  ),
]

type PortLike = NonNullable<EndpointSlice['ports']>[number]
