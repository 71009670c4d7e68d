import type { Service } from '../api/generated/types.ts'
import type { StatusReport } from '../api/plan.ts'
import type { RowInput } from './rowInput.ts'

export const SERVICE_HEADING = ['TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'ENDPOINTS']

/** As many endpoints are shown; kubectl shows three. */
const SHOWN_MAX = 3

export function serviceRow({ object, report }: RowInput): readonly string[] {
  const service = isService(report.object) ? report.object : object
  if (service?.kind !== 'Service') return ['', '', '', '', '']
  const { clusterIPs = [], type = 'ClusterIP' } = service.spec
  const own = clusterIPs.length === 0 ? '<none>' : clusterIPs.join(',')
  return [type, own, outside(service), portsText(service), endpointsText(report)]
}

function isService(value: unknown): value is Service {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Service'
}

function outside({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? '<none>'
  const balanced = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])
  const all = [...balanced, ...(spec.externalIPs ?? [])]
  if (all.length > 0) return all.join(',')
  return spec.type === 'LoadBalancer' ? '<pending>' : '<none>'
}

/** `80:30080/TCP,53/UDP` */
function portsText({ spec: { ports = [] } }: Service): string {
  if (ports.length === 0) return '<none>'
  return ports
    .map(({ nodePort, port, protocol = 'TCP' }) => {
      return `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`
    })
    .join(',')
}

function endpointsText({ endpoints = [] }: StatusReport): string {
  if (endpoints.length === 0) return '<none>'
  const shown = endpoints.slice(0, SHOWN_MAX).join(',')
  return endpoints.length > SHOWN_MAX ? `${shown} + ${endpoints.length - SHOWN_MAX} more` : shown
}
