import type { EndpointSlice, Service } from './generated/types.ts'
import { keyParts, type ObjectKey } from './names.ts'
import type { ObjectRecord } from './records.ts'
import type { Desired } from './snapshot.ts'

/** The label by which an EndpointSlice belongs to a Service of its namespace. */
export const SERVICE_NAME = 'kubernetes.io/service-name'

/** A Service with all that it was given and all that answers for it: the very same object for as long as nothing of it changes. */
export interface ResolvedService {
  readonly key: ObjectKey
  /** With defaults, its addresses, families and node ports. */
  readonly service: Service
  /** By name; those of the commit too. */
  readonly slices: readonly EndpointSlice[]
}

/** What a Service's record holds as its spec. */
export interface GivenToService {
  readonly clusterIPs?: readonly string[]
  readonly ports?: readonly { readonly protocol: string; readonly port: number; readonly nodePort: number }[]
}

/** Empty: nothing was given to it yet. */
export function givenOnRecord(record: ObjectRecord | undefined): GivenToService {
  const spec = record?.object.spec
  return isGiven(spec) ? spec : {}
}

/** Nobody but the controller of Services writes it. */
function isGiven(spec: unknown): spec is GivenToService {
  return typeof spec === 'object' && spec !== null
}

/** A Service that has an address of its own, as its neighbours know it. */
export interface AddressedService {
  readonly name: string
  readonly address: string
  /** At least one. */
  readonly ports: NonNullable<Service['spec']['ports']>
}

/** Those of one namespace, by name. */
export function addressedServices(
  namespace: string,
  { objects }: Pick<Desired, 'objects'>,
  records: ReadonlyMap<ObjectKey, ObjectRecord>,
): readonly AddressedService[] {
  const found: AddressedService[] = []
  for (const { key, object } of objects.values()) {
    if (object.kind !== 'Service' || keyParts(key).namespace !== namespace) continue
    const { ports = [], type } = object.spec
    const [address] = givenOnRecord(records.get(key)).clusterIPs ?? []
    if (type === 'ExternalName' || address === undefined || ports.length === 0) continue
    found.push({ name: keyParts(key).name, address, ports })
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
