import type { Container, Quantity, ResourceRequirements } from '../generated/types.ts'
import { canonicalQuantity } from '../quantity.ts'

type Quantities = Readonly<Record<string, Quantity>>

/** The API server writes quantities back in their canonical form. */
export function resourcesWithDefaults(resources: ResourceRequirements): ResourceRequirements {
  const { limits, requests, ...rest } = resources
  return {
    ...rest,
    ...(limits !== undefined && { limits: canonical(limits) }),
    ...(requests !== undefined && { requests: canonical(requests) }),
  }
}

/** A limit without a request is the request too. Kubernetes does this to Pods, not to templates. */
export function withRequestsFromLimits<C extends Container>(container: C): C {
  const limits = container.resources?.limits
  if (limits === undefined) return container
  const requests = { ...limits, ...container.resources?.requests }
  return { ...container, resources: { ...container.resources, requests } }
}

export function canonical(quantities: Quantities): Readonly<Record<string, string>> {
  const result: Record<string, string> = {}
  for (const name in quantities) result[name] = canonicalQuantity(quantities[name] ?? 0)
  return result
}
