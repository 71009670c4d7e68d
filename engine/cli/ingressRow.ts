import type { IngressStatus } from '../api/generated/types.ts'
import type { RowInput } from './rowInput.ts'

export const INGRESS_HEADING = ['CLASS', 'HOSTS', 'ADDRESS', 'PORTS'] as const

export function ingressRow({ object, report }: RowInput): readonly string[] {
  if (object?.kind !== 'Ingress') return ['', '', '', '']
  const { ingressClassName = '<none>', rules = [], tls = [] } = object.spec ?? {}
  const hosts = [...new Set(rules.flatMap(({ host }) => (host === undefined || host === '' ? [] : [host])))]
  const addresses = isStatus(report.status) ? (report.status.loadBalancer?.ingress ?? []) : []
  return [
    ingressClassName,
    hosts.length === 0 ? '*' : hosts.join(','),
    addresses.map(({ hostname, ip }) => ip ?? hostname ?? '').join(','),
    tls.length > 0 ? '80, 443' : '80',
  ]
}

function isStatus(value: unknown): value is IngressStatus {
  return typeof value === 'object' && value !== null
}
