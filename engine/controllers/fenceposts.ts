import type { Deployment, IntOrString } from '../api/generated/types.ts'

/** How far a rollout may go from the wanted number of pods, in pods. */
export interface Fenceposts {
  readonly maxSurge: number
  readonly maxUnavailable: number
}

/**
 * Percents of `replicas`: the surge rounded up, the unavailable rounded down. With 10 pods 25% and 25% are 3 and 2; with 3 pods 1 and 0.
 * When both come to nothing the rollout could never begin, so one pod may be unavailable (Kubernetes' ResolveFenceposts).
 */
export function resolveFenceposts(
  maxSurge: IntOrString,
  maxUnavailable: IntOrString,
  replicas: number,
): Fenceposts {
  const surge = Math.ceil(portion(maxSurge, replicas))
  const unavailable = Math.floor(portion(maxUnavailable, replicas))
  if (surge === 0 && unavailable === 0) return { maxSurge: 0, maxUnavailable: 1 }
  return { maxSurge: surge, maxUnavailable: unavailable }
}

/** Of `replicas`, not rounded. */
export function portion(value: IntOrString, replicas: number): number {
  if (typeof value === 'number') return value
  const number = Number(value.replace('%', ''))
  // In whole hundredths: 0.07 * 100 is more than 7 in floating point, and would round up to 8.
  return value.endsWith('%') ? (number * replicas) / 100 : number
}

const NO_ROOM: Fenceposts = { maxSurge: 0, maxUnavailable: 0 }

export function fencepostsOf(deployment: Deployment): Fenceposts {
  const { strategy, replicas = 1 } = deployment.spec
  if (strategy?.type === 'Recreate' || replicas === 0) return NO_ROOM
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {}
  const posts = resolveFenceposts(maxSurge, maxUnavailable, replicas)
  return { ...posts, maxUnavailable: Math.min(posts.maxUnavailable, replicas) }
}

/** What a Deployment's pods may come to by the controller's own doing. */
export interface Bounds {
  /** So many available pods are left alone. */
  readonly floor: number
  /** So many pods, those under deletion aside, and no more are made. */
  readonly ceiling: number
  /** The old ones all go before the new ones come. */
  readonly recreates?: true
}

export function boundsOf(deployment: Deployment): Bounds {
  const { strategy, replicas = 1 } = deployment.spec
  const { maxSurge, maxUnavailable } = fencepostsOf(deployment)
  const ceiling = replicas + maxSurge
  if (strategy?.type === 'Recreate') return { floor: 0, ceiling, recreates: true }
  return { floor: replicas - maxUnavailable, ceiling }
}
