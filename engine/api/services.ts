import type { EndpointSlice, Service } from './generated/types.ts'
import type { ObjectKey } from './names.ts'

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
