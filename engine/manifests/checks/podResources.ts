import type { Container, PodSpec, Quantity, ResourceRequirements } from '../../api/generated/types.ts'
import { compareQuantities, parseQuantity, sumQuantities } from '../../api/quantity.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkResources } from './resources.ts'

const OF_PODS = new Set(['cpu', 'memory'])

/** Limits and requests of a pod as a whole: no less than what its containers ask for. */
export function checkPodResources(context: CheckContext, path: Path, spec: PodSpec): void {
  const { containers, resources } = spec
  const at = [...path, 'resources']
  if (resources === undefined || !context.sound(at)) return
  for (const field of ['limits', 'requests'] as const) {
    for (const name of Object.keys(resources[field] ?? {})) {
      if (OF_PODS.has(name) || name.startsWith('hugepages-')) continue
      context.error(
        [...at, field, name],
        `${name} cannot be given for a pod as a whole: only cpu and memory can`,
      )
    }
  }
  checkResources(context, at, resources)
  if (!context.sound([...path, 'containers'])) return
  checkRequests(context, [...at, 'requests'], resources, containers)
  checkLimits(context, path, resources, containers)
}

function checkRequests(
  context: CheckContext,
  path: Path,
  resources: ResourceRequirements,
  containers: readonly Container[],
): void {
  for (const [name, request] of Object.entries(resources.requests ?? {})) {
    const ofContainers = containers.flatMap(({ resources: own }) => {
      const asked = own?.requests?.[name] ?? own?.limits?.[name]
      return asked === undefined ? [] : [asked]
    })
    if (![request, ...ofContainers].every(isQuantity)) continue
    const sum = sumQuantities(ofContainers)
    if (compareQuantities(sum, request) > 0) {
      const message = `must be no less than what the containers request together, ${sum}`
      context.error([...path, name], message)
    }
  }
}

function checkLimits(
  context: CheckContext,
  path: Path,
  resources: ResourceRequirements,
  containers: readonly Container[],
): void {
  for (const [name, limit] of Object.entries(resources.limits ?? {})) {
    for (const [index, container] of containers.entries()) {
      const own = container.resources?.limits?.[name]
      if (own === undefined || !isQuantity(own) || !isQuantity(limit) || compareQuantities(own, limit) <= 0)
        continue
      const at = [...path, 'containers', index, 'resources', 'limits', name]
      context.error(at, `must be no more than the pod's limit, ${limit}`)
    }
  }
}

function isQuantity(quantity: Quantity): boolean {
  return parseQuantity(quantity) !== undefined
}
