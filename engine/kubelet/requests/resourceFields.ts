import type { Container, Quantity, ResourceFieldSelector } from '../../api/generated/types.ts'
import { allocatableOf, reservedOf } from '../../api/allocatable.ts'
import { parseQuantity } from '../../api/quantity.ts'
import type { Desired, ObservedNode, ObservedPod } from '../../api/snapshot.ts'
import type { PodContext } from '../context.ts'
import { containerFacts, filledFactsOf } from '../facts.ts'

/** `node`: undefined while nothing is known of it. */
interface NodeContext {
  readonly desired: Desired
  readonly node: ObservedNode | undefined
}

const RESOURCE = /^(limits|requests)\.(.+)$/

/**
 * A container's request or limit in units of the divisor, rounded up. A limit that is not set is what the node has; a request that is not
 * set is nothing. Undefined: no such resource.
 */
export function resourceValue(
  selector: ResourceFieldSelector,
  own: Container,
  pod: ObservedPod,
  context: PodContext,
): string | undefined {
  const container = namedContainer(selector.containerName, own, pod)
  return container && resourceAmount(selector, container, context)
}

/** The same of a container that is known. */
export function resourceAmount(
  selector: ResourceFieldSelector,
  container: Container,
  context: NodeContext,
): string | undefined {
  const match = RESOURCE.exec(selector.resource)
  if (match === null) return undefined
  const [, list = '', name = ''] = match
  const written = (list === 'limits' ? container.resources?.limits : container.resources?.requests)?.[name]
  const amount = positive(written) ?? (list === 'limits' ? allocatable(name, context) : 0)
  return String(Math.ceil(rounded(amount / (positive(selector.divisor) ?? 1))))
}

function namedContainer(name: string | undefined, own: Container, pod: ObservedPod): Container | undefined {
  if (name === undefined || name === '') return own
  return containerFacts(filledFactsOf(pod.record.pod.spec), name)?.container
}

function positive(quantity: Quantity | undefined): number | undefined {
  const value = quantity === undefined ? undefined : parseQuantity(quantity)
  return value === undefined || value === 0 ? undefined : value
}

function allocatable(resource: string, { desired, node }: NodeContext): number {
  if (node?.info === undefined) return 0
  const { cpuMillis, memoryBytes } = allocatableOf(node.info, reservedOf(desired, node.name))
  if (resource === 'cpu') return cpuMillis / 1000
  return resource === 'memory' ? memoryBytes : 0
}

/** 0.3 / 0.1 is 3, not 3.0000000000000004, which would be rounded up to 4. */
function rounded(value: number): number {
  return Number(value.toPrecision(15))
}
