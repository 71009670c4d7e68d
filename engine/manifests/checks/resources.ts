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

function checkQuantities(context: CheckContext, path: Path, quantities: Quantities): void {
  for (const [name, quantity] of Object.entries(quantities)) {
    checkResourceName(context, path, name)
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

function checkResourceName(context: CheckContext, path: Path, name: string): void {
  const at = [...path, name]
  if (name === 'cpu' || name === 'memory') return
  if (name === 'ephemeral-storage') {
    if (path.at(-1) === 'limits')
      context.error(at, 'not supported: disk use of a container is not limited yet')
    else context.warn(at, 'has no effect: disk space is not weighed when pods are placed')
    return
  }
  if (name.startsWith('hugepages-')) return context.error(at, 'not supported: huge pages are not handed out')
  if (name.includes('/') && qualifiedName(name) === undefined) {
    return context.error(at, 'not supported: there are no device plugins to hand it out')
  }
  const message = `${JSON.stringify(name)} is no resource: it must be cpu, memory, ephemeral-storage or fully qualified`
  context.error(at, message, didYouMean(name, STANDARD).suggestion)
}
