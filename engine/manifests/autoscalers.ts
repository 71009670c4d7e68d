import { objectKey } from '../api/names.ts'
import { type Finding, type Index, placeText, type Standing } from './standing.ts'
import { didYouMean } from './suggestions.ts'

/**
 * Autoscalers that measure a container that their target has not, two of one target, which would pull it to and fro, and targets whose own
 * number counts for nothing.
 */
export function autoscalers(standings: readonly Standing[], index: Index): readonly Finding[] {
  const first = new Map<string, Standing>()
  return standings.flatMap((standing) => {
    const object = standing.placed.read.valid?.object
    if (object?.kind !== 'HorizontalPodAutoscaler') return []
    const { kind, name } = object.spec.scaleTargetRef
    const target = objectKey(kind, object.metadata.namespace, name)
    const found = [...unknownContainers(standing, index), ...ignoredReplicas(standing, index.get(target))]
    const other = first.get(target)
    if (other === undefined) first.set(target, standing)
    if (other === undefined || other.placed.read.key === standing.placed.read.key) return found
    const message = `${other.placed.read.label ?? 'another'} scales ${kind} ${name} already (${placeText(other)})`
    return [
      ...found,
      {
        standing,
        path: ['spec', 'scaleTargetRef'],
        severity: 'error',
        message,
        suggestion: 'keep one of them',
      } as const,
    ]
  })
}

/** The autoscaler wins. None at all is another matter: that switches it off. */
function ignoredReplicas(scaler: Standing, target: Standing | undefined): readonly Finding[] {
  const written = target?.placed.read.valid?.written
  if (target === undefined || written === undefined || !('spec' in written)) return []
  const { spec } = written
  if (spec === undefined || !('replicas' in spec) || spec.replicas === undefined || spec.replicas === 0)
    return []
  const message = `is ignored: ${scaler.placed.read.label ?? 'an autoscaler'} says how many there are (${placeText(scaler)})`
  return [
    {
      standing: target,
      path: ['spec', 'replicas'],
      severity: 'warning',
      message,
      suggestion: 'leave it out',
    },
  ]
}

function unknownContainers(standing: Standing, index: Index): readonly Finding[] {
  const scaler = standing.placed.read.valid?.object
  if (scaler?.kind !== 'HorizontalPodAutoscaler') return []
  const { metrics = [], scaleTargetRef } = scaler.spec
  const key = objectKey(scaleTargetRef.kind, scaler.metadata.namespace, scaleTargetRef.name)
  const target = index.get(key)?.placed.read.valid?.object
  if (target?.kind !== 'Deployment' && target?.kind !== 'ReplicaSet' && target?.kind !== 'StatefulSet')
    return []
  const { containers = [], initContainers = [] } = target.spec.template?.spec ?? {}
  const names = [...containers, ...initContainers].map(({ name }) => name)
  return metrics.flatMap(({ containerResource }, at) => {
    if (containerResource === undefined || names.includes(containerResource.container)) return []
    return [
      {
        standing,
        path: ['spec', 'metrics', at, 'containerResource', 'container'],
        severity: 'error',
        message: `${target.kind} ${scaleTargetRef.name} has no container ${JSON.stringify(containerResource.container)}`,
        ...didYouMean(containerResource.container, names),
      } as const,
    ]
  })
}
