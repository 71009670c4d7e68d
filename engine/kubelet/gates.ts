import type { ObservedPod } from '../api/snapshot.ts'

/**
 * Kubernetes lets anybody write a condition of a pod through its API. Here a commit says it, `TYPE=STATUS` with commas between, as in
 * `reconcile.dev/conditions: "example.com/traffic=True, warm=False"`.
 */
export const CONDITIONS_ANNOTATION = 'reconcile.dev/conditions'

type Status = 'True' | 'False' | 'Unknown'

/** By type; what cannot be read was not said. */
export function saidConditions({ record }: ObservedPod): ReadonlyMap<string, Status> {
  const text = record.pod.metadata.annotations?.[CONDITIONS_ANNOTATION] ?? ''
  const said = new Map<string, Status>()
  for (const part of text.split(',')) {
    const [type = '', status = ''] = part.split('=', 2).map((word) => word.trim())
    if (type !== '' && isStatus(status)) said.set(type, status)
  }
  return said
}

function isStatus(text: string): text is Status {
  return text === 'True' || text === 'False' || text === 'Unknown'
}
