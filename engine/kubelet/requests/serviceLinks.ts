import type { PodSpec } from '../../api/generated/types.ts'
import type { AddressedService } from '../../api/services.ts'

/**
 * What containers are told of the Services of their namespace, as pkg/kubelet/envvars names it: `REDIS_SERVICE_HOST`, `REDIS_SERVICE_PORT`,
 * `REDIS_SERVICE_PORT_SQL`, and as Docker's links once did, `REDIS_PORT_6379_TCP` and its like.
 */
export function serviceLinks(
  { enableServiceLinks }: PodSpec,
  services: readonly AddressedService[],
): ReadonlyMap<string, string> {
  return new Map(enableServiceLinks === false ? [] : services.flatMap(linksOf))
}

type Variable = readonly [name: string, value: string]

function linksOf({ address, name, ports }: AddressedService): readonly Variable[] {
  const prefix = variableName(name)
  const host = address.includes(':') ? `[${address}]` : address
  const [first] = ports
  return [
    [`${prefix}_SERVICE_HOST`, address],
    [`${prefix}_SERVICE_PORT`, String(first?.port ?? '')],
    ...ports.flatMap(({ name: port, port: number }): readonly Variable[] =>
      port === undefined || port === ''
        ? []
        : [[`${prefix}_SERVICE_PORT_${variableName(port)}`, String(number)]],
    ),
    ...ports.flatMap(({ port, protocol = 'TCP' }, index): readonly Variable[] => {
      const url = `${protocol.toLowerCase()}://${host}:${port}`
      const own = `${prefix}_PORT_${port}_${protocol}`
      return [
        ...(index === 0 ? [[`${prefix}_PORT`, url] as const] : []),
        [own, url],
        [`${own}_PROTO`, protocol.toLowerCase()],
        [`${own}_PORT`, String(port)],
        [`${own}_ADDR`, address],
      ]
    }),
  ]
}

function variableName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase()
}
