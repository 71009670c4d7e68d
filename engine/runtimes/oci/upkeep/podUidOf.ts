import { type PodUid, podUid } from '../../../api/names.ts'

/** Of what is named by a pod's uid, or by that and a container's name; undefined: somebody else's. */
export function podUidOf(name: string): PodUid | undefined {
  const [uid] = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=$|-)/.exec(name) ?? []
  return uid === undefined ? undefined : podUid(uid)
}
