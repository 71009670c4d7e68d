import type { EndpointSlice, PodSpec, Service } from '../../api/generated/types.ts'
import { objectKey } from '../../api/names.ts'
import { SERVICE_NAME } from '../../api/services.ts'
import { namedPort } from '../../api/targetPorts.ts'
import { UserError } from '../userError.ts'
import type { AskedPort, Forward } from './ports.ts'

export interface ServiceTarget {
  readonly address: string
  readonly node: string | undefined
  /** For people. */
  readonly label: string
  readonly ports: readonly Forward[]
}

export interface AskedService {
  readonly namespace: string | undefined
  readonly name: string
}

/** `service/web`, `svc/web`, `shop/service/web`; undefined: it is no Service that is asked for. */
export function parseServiceName(asked: string, namespace: string | undefined): AskedService | undefined {
  const match = /^(?:([^/]+)\/)?(?:services?|svc)\/([^/]+)$/i.exec(asked)
  if (match === null) return undefined
  const [, own = namespace, name = ''] = match
  return { namespace: own, name }
}

/** A port of a pod by number, or by the name that one of its containers gives it. */
export function podPorts(spec: PodSpec, label: string, asked: readonly AskedPort[]): readonly Forward[] {
  return asked.map(({ local, remote, text }) => {
    const target = typeof remote === 'number' ? remote : namedPort(remote, 'TCP', spec)
    if (target === undefined)
      throw new UserError(`${text}: no container of ${label} has a TCP port named ${JSON.stringify(remote)}`)
    return { local: local ?? target, target }
  })
}

/** One pod behind a Service that is ready, as kubectl takes one, and the Service's ports at that pod. */
export function serviceTarget(
  { name, namespace }: AskedService,
  objects: readonly unknown[],
  asked: readonly AskedPort[],
): ServiceTarget {
  const service = findService(objects.filter(isService), name, namespace)
  const own = service.metadata.namespace ?? 'default'
  const key = objectKey('Service', own, name)
  const slices = objects
    .filter(isSlice)
    .filter(
      ({ metadata }) =>
        objectKey('Service', metadata.namespace, metadata.labels?.[SERVICE_NAME] ?? '') === key,
    )
  const label = `Service ${own}/${name}`
  const ready = slices.flatMap((slice) =>
    (slice.endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .map((endpoint) => ({ slice, endpoint })),
  )
  const [first] = ready
  const address = first?.endpoint.addresses[0]
  if (first === undefined || address === undefined)
    throw new UserError(`nothing that is ready answers for ${label}; reconcile status says why`)
  return {
    address,
    node: first.endpoint.nodeName,
    label,
    ports: asked.map((one) => servicePort(service, first.slice, label, one)),
  }
}

function servicePort({ spec }: Service, slice: EndpointSlice, label: string, asked: AskedPort): Forward {
  const { local, remote, text } = asked
  const port = (spec.ports ?? []).find(
    (one) =>
      (one.protocol ?? 'TCP') === 'TCP' &&
      (typeof remote === 'number' ? one.port === remote : one.name === remote),
  )
  if (port === undefined) {
    const named = typeof remote === 'number' ? `${remote}` : `named ${JSON.stringify(remote)}`
    throw new UserError(`${text}: ${label} has no TCP port ${named}`)
  }
  const target = slice.ports?.find((one) => (one.name ?? '') === (port.name ?? ''))?.port
  if (target === undefined)
    throw new UserError(
      `${text}: no pod of ${label} has the port that ${port.port} leads to (targetPort ${port.targetPort ?? port.port})`,
    )
  return { local: local ?? port.port, target }
}

/** In the namespace that was named, else in `default`, else in the only one that has it. */
function findService(services: readonly Service[], name: string, namespace: string | undefined): Service {
  const named = services.filter(({ metadata }) => metadata.name === name)
  const here = named.filter(({ metadata }) => (metadata.namespace ?? 'default') === (namespace ?? 'default'))
  const [found, another] = here.length > 0 || namespace !== undefined ? here : named
  if (another !== undefined) {
    const all = named.map(({ metadata }) => `${metadata.namespace ?? 'default'}/${name}`)
    throw new UserError(`service/${name} could be ${all.join(' or ')}: say which with -n`)
  }
  if (found !== undefined) return found
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`
  throw new UserError(`there is no Service ${name}${where}`)
}

function isService(value: unknown): value is Service {
  return kindOf(value) === 'Service'
}

function isSlice(value: unknown): value is EndpointSlice {
  return kindOf(value) === 'EndpointSlice'
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined
}
