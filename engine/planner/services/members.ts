import type { NodeName, ObjectKey, PodUid } from '../../api/names.ts'
import type { PodView } from '../../controllers/view.ts'
import type { NodePods } from '../worldPods.ts'
import { type ServiceList, servicesOf } from './list.ts'

interface Member {
  readonly view: PodView
  readonly facts: string
  readonly services: readonly ObjectKey[]
}

/**
 * The pods behind each Service, kept from plan to plan: of a node that is the same as before nothing is looked at, and of a pod that is as it
 * was nothing is told. What it holds follows from the nodes alone, whatever they were before.
 */
export class Members {
  readonly #list: ServiceList
  readonly #nodes = new Map<NodeName, NodePods>()
  readonly #pods = new Map<PodUid, Member>()
  readonly #byService = new Map<ObjectKey, Map<PodUid, PodView>>()

  constructor(list: ServiceList) {
    this.#list = list
  }

  of(service: ObjectKey): readonly PodView[] {
    return [...(this.#byService.get(service)?.values() ?? [])]
  }

  isSame(nodes: ReadonlyMap<NodeName, NodePods>): boolean {
    if (nodes.size !== this.#nodes.size) return false
    for (const [name, node] of nodes) if (this.#nodes.get(name) !== node) return false
    return true
  }

  /** The Services of which a pod came, went or changed. */
  update(nodes: ReadonlyMap<NodeName, NodePods>): ReadonlySet<ObjectKey> {
    const changed = new Set<ObjectKey>()
    const gone = new Set<PodUid>()
    const here = new Set<PodUid>()
    for (const [name, before] of this.#nodes) {
      if (nodes.get(name) !== before) for (const { view } of before.pods) gone.add(view.uid)
      if (!nodes.has(name)) this.#nodes.delete(name)
    }
    for (const [name, node] of nodes) {
      if (this.#nodes.get(name) === node) continue
      this.#nodes.set(name, node)
      for (const { view } of node.pods) {
        here.add(view.uid)
        this.#put(view, changed)
      }
    }
    for (const uid of gone) if (!here.has(uid)) this.#drop(uid, changed)
    return changed
  }

  #put(view: PodView, changed: Set<ObjectKey>): void {
    const before = this.#pods.get(view.uid)
    const facts = factsOf(view)
    const sameLabels = before?.view.record.pod === view.record.pod
    if (before !== undefined && sameLabels && before.facts === facts) return
    const services = servicesOf(view, this.#list)
    if (before !== undefined) this.#drop(view.uid, changed)
    this.#pods.set(view.uid, { view, facts, services })
    for (const service of services) {
      changed.add(service)
      this.#byService.getOrInsertComputed(service, () => new Map()).set(view.uid, view)
    }
  }

  #drop(uid: PodUid, changed: Set<ObjectKey>): void {
    const member = this.#pods.get(uid)
    if (member === undefined) return
    this.#pods.delete(uid)
    for (const service of member.services) {
      changed.add(service)
      const pods = this.#byService.get(service)
      pods?.delete(uid)
      if (pods?.size === 0) this.#byService.delete(service)
    }
  }
}

/** All that an EndpointSlice says of a pod, but what its record says. */
function factsOf({ deleting, finished, node, serving, status }: PodView): string {
  const addresses = (status.podIPs ?? []).map(({ ip }) => ip).join(',')
  return `${status.podIP ?? ''} ${addresses} ${node} ${Number(serving)}${Number(deleting)}${Number(finished)}`
}
