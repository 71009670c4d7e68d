import type { Quantity, ResourceRequirements } from '../../api/generated/types.ts'
import { compareQuantities, parseQuantity } from '../../api/quantity.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { didYouMean } from '../suggestions.ts'
import { qualifiedName } from './names.ts'

type Quantities = Readonly<Record<string, Quantity>>

const STANDARD = ['cpu', 'memory', 'ephemeral-storage']

export function checkResources(context: CheckContext, path: Path, resources: ResourceRequirements): void {
  const limits = resources.limits ?? {}
  const requests = resources.requests ?? {}
  checkQuantities(context, [...path, 'limits'], limits)
  checkQuantities(context, [...path, 'requests'], requests)
  checkExtended(context, path, resources)
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name]
    if (limit === undefined || parseQuantity(limit) === undefined || parseQuantity(request) === undefined)
      continue
    if (compareQuantities(request, limit) > 0) {
      const message = `the request ${request} must be no more than the ${name} limit ${limit}`
      context.error([...path, 'requests', name], message)
    }
  }
}

/** Devices are whole, and not shared: what is requested is the limit. */
function checkExtended(
  context: CheckContext,
  path: Path,
  { limits = {}, requests = {} }: ResourceRequirements,
): void {
  for (const [name, request] of Object.entries(requests)) {
    if (!isExtended(name)) continue
    const at = [...path, 'requests', name]
    const limit = limits[name]
    if (limit === undefined) context.error(at, 'limit must be set for non overcommitable resources')
    else if (parseQuantity(limit) !== parseQuantity(request))
      context.error(at, `must be equal to ${name} limit of ${limit}`)
    if (!Number.isInteger(parseQuantity(request) ?? 0)) context.error(at, 'must be a whole number')
  }
}

/** Handed out by device plugins; what Kubernetes itself counts has no prefix, or one of its own. */
function isExtended(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && qualifiedName(name) === undefined
}

function checkQuantities(context: CheckContext, path: Path, quantities: Quantities): void {
  for (const [name, quantity] of Object.entries(quantities)) {
    checkResourceName(context, [...path, name], name, path.at(-1) === 'limits')
    checkQuantity(context, [...path, name], quantity)
  }
}

export function checkQuantity(context: CheckContext, path: Path, quantity: Quantity): void {
  const value = parseQuantity(quantity)
  if (value === undefined) {
    const message = `${JSON.stringify(quantity)} is no quantity`
    context.error(
      path,
      message,
      'a quantity is a number with a suffix such as m, k, M, G, Ki, Mi or Gi: 500m, 64Mi',
    )
  } else if (value < 0) context.error(path, `must be 0 or more, not ${quantity}`)
}

/** Of what a container may ask for. */
export function checkResourceName(context: CheckContext, at: Path, name: string, isLimit: boolean): void {
  if (name === 'cpu' || name === 'memory') return
  if (name === 'ephemeral-storage') {
    if (isLimit)
      context.warn(
        at,
        'is looked at every 10 s, while the engine runs: a pod that has gone beyond it is then evicted',
      )
    return
  }
  if (name.startsWith('hugepages-')) return context.error(at, 'not supported: huge pages are not handed out')
  if (name.includes('/') && qualifiedName(name) === undefined) {
    return context.warn(at, 'is on no node, so the pod will wait: there are no device plugins to hand it out')
  }
  const message = `${JSON.stringify(name)} is no resource: it must be cpu, memory, ephemeral-storage or fully qualified`
  context.error(at, message, didYouMean(name, STANDARD).suggestion)
}
