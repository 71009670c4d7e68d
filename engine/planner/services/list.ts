import type { EndpointSlice, Service } from '../../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../../api/names.ts'
import { matchesLabels } from '../../api/selectors.ts'
import { SERVICE_NAME } from '../../api/services.ts'
import type { Desired, DesiredObject } from '../../api/snapshot.ts'
import { memoised } from '../../api/memo.ts'
import type { PodView } from '../../controllers/view.ts'
import { inOrder } from '../inOrder.ts'

export interface WantedService {
  readonly desired: DesiredObject
  /** With defaults. */
  readonly object: Service
  readonly written: Service
  /** The commit's own EndpointSlices for it, by name. */
  readonly slices: readonly EndpointSlice[]
}

/** The Services of a commit, and by which labels pods find them. */
export interface ServiceList {
  /** By key. */
  readonly services: readonly WantedService[]
  /** By `namespace name=value`, the first label that a selector asks for. */
  readonly byLabel: ReadonlyMap<string, readonly Service[]>
}

export const serviceList = memoised((objects: Desired['objects']): ServiceList => {
  const slices = new Map<ObjectKey, EndpointSlice[]>()
  const found: Omit<WantedService, 'slices'>[] = []
  for (const desired of objects.values()) {
    const { object, written } = desired
    if (object.kind === 'Service' && written.kind === 'Service') found.push({ desired, object, written })
    const name = object.kind === 'EndpointSlice' ? object.metadata.labels?.[SERVICE_NAME] : undefined
    if (object.kind === 'EndpointSlice' && name !== undefined)
      slices
        .getOrInsertComputed(objectKey('Service', keyParts(desired.key).namespace, name), () => [])
        .push(object)
  }
  const services = inOrder(found, ({ desired }) => desired.key).map((one) => {
    const own = inOrder(slices.get(one.desired.key) ?? [], ({ metadata }) => metadata.name ?? '')
    return { ...one, slices: own }
  })
  return { services, byLabel: byFirstLabel(services) }
})

function byFirstLabel(services: readonly WantedService[]): ReadonlyMap<string, readonly Service[]> {
  const found = new Map<string, Service[]>()
  for (const { desired, object } of services) {
    const [first] = Object.entries(object.spec.selector ?? {})
    if (first === undefined || object.spec.type === 'ExternalName') continue
    found.getOrInsertComputed(labelKey(keyParts(desired.key).namespace, ...first), () => []).push(object)
  }
  return found
}

function labelKey(namespace: string, name: string, value: string): string {
  return `${namespace} ${name}=${value}`
}

/** The Services whose selector matches a pod. */
export function servicesOf({ key, record }: PodView, { byLabel }: ServiceList): readonly ObjectKey[] {
  const { labels = {} } = record.pod.metadata
  const { namespace } = keyParts(key)
  const found: ObjectKey[] = []
  for (const name in labels) {
    const candidates = byLabel.get(labelKey(namespace, name, labels[name] ?? ''))
    if (candidates === undefined) continue
    for (const { metadata, spec } of candidates)
      if (matchesLabels(spec.selector ?? {}, labels))
        found.push(objectKey('Service', namespace, metadata.name ?? ''))
  }
  return found
}
