import type { Container, Quantity, ResourceRequirements } from '../generated/types.ts'
import { canonicalQuantity, sumQuantities } from '../quantity.ts'

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

/**
 * What a pod as a whole requests, where only its limits are written: what its containers request together, or else the limit. `containers`
 * with their own requests filled in. Source: defaultPodRequests in Kubernetes' pkg/apis/core/v1/defaults.go.
 */
export function podResourcesWithDefaults(
  resources: ResourceRequirements,
  containers: readonly Container[],
): ResourceRequirements {
  const filled = resourcesWithDefaults(resources)
  const requests: Record<string, Quantity> = { ...filled.requests }
  for (const [name, limit] of Object.entries(filled.limits ?? {})) {
    if (requests[name] !== undefined) continue
    const asked = containers.flatMap((container) => container.resources?.requests?.[name] ?? [])
    requests[name] = asked.length === 0 ? limit : sumQuantities(asked)
  }
  return Object.keys(requests).length === 0 ? filled : { ...filled, requests }
}

export function canonical(quantities: Quantities): Readonly<Record<string, string>> {
  const result: Record<string, string> = {}
  for (const name in quantities) result[name] = canonicalQuantity(quantities[name] ?? 0)
  return result
}
