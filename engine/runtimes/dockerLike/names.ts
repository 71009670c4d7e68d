import type { PodUid } from '../../api/names.ts'

/** Names hold the pod's uid, so that they are nobody else's. */
export function podName(uid: PodUid): string {
  return uid
}

/** Of the container that began with this attempt; the program restarts it, and it keeps the name. */
export function containerName(uid: PodUid, container: string, attempt: number): string {
  return `${uid}_${container}_${attempt}`
}

const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_([a-z0-9-]+)_(\d+)$/

/** Undefined: somebody else's. */
export function parseContainerName(
  name: string,
): { readonly uid: string; readonly container: string; readonly attempt: number } | undefined {
  const [, uid, container, attempt] = NAME.exec(name) ?? []
  if (uid === undefined || container === undefined) return undefined
  return { uid, container, attempt: Number(attempt) }
}
