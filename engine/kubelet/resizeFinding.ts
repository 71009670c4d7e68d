import type { ObservedPod } from '../api/snapshot.ts'

export interface ResizeFinding {
  readonly status: 'True'
  readonly reason?: string
  readonly message?: string
}

/** Of a pod in which something runs with other resources than the record says: and why it does, where that has failed. */
export function resizeFinding({ pod }: { readonly pod: ObservedPod }): ResizeFinding | undefined {
  if (pod.record.resizing === undefined) return undefined
  // Whoever only looks has tried nothing.
  const failure = pod.failures.get('') ?? pod.record.failures?.['']
  if (failure?.reason !== 'ResizePodError') return { status: 'True' }
  return { status: 'True', reason: 'Error', message: failure.message }
}
