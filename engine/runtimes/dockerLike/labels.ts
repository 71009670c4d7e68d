import type { PodRecord } from '../../api/records.ts'
import type { Parts } from '../oci/containers/parts.ts'

export type Labels = Readonly<Record<string, string>>

/** By them people find out whose it is. */
export function podLabels({ commit, pod }: PodRecord): Labels {
  const { name = '', namespace = 'default', ownerReferences = [], uid = '' } = pod.metadata
  const [owner] = ownerReferences
  return {
    'io.kubernetes.pod.namespace': namespace,
    'io.kubernetes.pod.name': name,
    'io.kubernetes.pod.uid': uid,
    'reconcile.dev/commit': commit,
    ...(owner !== undefined && { 'reconcile.dev/owner': `${owner.kind}/${owner.name}` }),
  }
}

export function containerLabels({ context, request }: Pick<Parts, 'context' | 'request'>): Labels {
  return {
    'io.kubernetes.pod.namespace': request.labels.namespace,
    'io.kubernetes.pod.name': request.labels.pod,
    'io.kubernetes.pod.uid': request.uid,
    'io.kubernetes.container.name': request.container,
    'reconcile.dev/attempt': String(request.attempt),
    [ROOT_LABEL]: context.paths.rootId,
  }
}

/** Whose it is, where several roots have theirs with one daemon. */
export const ROOT_LABEL = 'reconcile.dev/root'
