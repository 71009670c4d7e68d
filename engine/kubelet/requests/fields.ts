import type { ObservedPod } from '../../api/snapshot.ts'
import { podAddress } from '../addresses.ts'
import type { PodContext } from '../context.ts'

/** `metadata.labels['app.kubernetes.io/name']` */
const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/

/** Undefined: no such field. What is not known yet, such as an address, is empty, as in Kubernetes. */
export function fieldValue(path: string, pod: ObservedPod, context: PodContext): string | undefined {
  const { metadata, spec } = pod.record.pod
  const subscript = SUBSCRIPT.exec(path)
  if (subscript !== null) {
    const [, map = '', key = ''] = subscript
    return (map === 'labels' ? metadata.labels : metadata.annotations)?.[key] ?? ''
  }
  const hosts = context.node.info?.addresses ?? []
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? ''
    case 'metadata.namespace':
      return metadata.namespace ?? 'default'
    case 'metadata.uid':
      return metadata.uid ?? ''
    case 'spec.nodeName':
      return pod.record.node
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? spec.serviceAccount ?? 'default'
    case 'status.hostIP':
      return hosts[0] ?? ''
    case 'status.hostIPs':
      return hosts.join(',')
    case 'status.podIP':
    case 'status.podIPs':
      return podAddress(pod, context) ?? ''
    default:
      return undefined
  }
}
