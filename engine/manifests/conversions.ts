import type { Fields } from './identity.ts'

/** What Kubernetes serves in two versions is read in either: as the API server itself converts it. */
export function converted(fields: Fields): Fields {
  if (fields['apiVersion'] !== 'autoscaling/v1' || fields['kind'] !== 'HorizontalPodAutoscaler') return fields
  const { spec } = fields
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return { ...fields, apiVersion: V2 }
  const { targetCPUUtilizationPercentage: averageUtilization, ...rest }: Record<string, unknown> = { ...spec }
  const target = { type: 'Utilization', averageUtilization }
  const metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }]
  return {
    ...fields,
    apiVersion: V2,
    spec: { ...rest, ...(averageUtilization !== undefined && { metrics }) },
  }
}

const V2 = 'autoscaling/v2'
