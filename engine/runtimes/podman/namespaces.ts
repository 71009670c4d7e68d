import { createError, type Parts } from '../oci/containers/parts.ts'
import type { RunParts } from '../dockerLike/runParts.ts'

/** Those that the pod has pinned. */
export function podmanNamespaces(parts: Parts): RunParts['namespaces'] {
  const { pod, sandbox } = parts
  const pid = pidNamespace(parts)
  return {
    net: sandbox.hostNetwork ? 'host' : `ns:${pod.pins.net}`,
    ipc: sandbox.hostIPC ? 'host' : `ns:${pod.pins.ipc}`,
    uts: sandbox.hostNetwork ? 'host' : `ns:${pod.pins.uts}`,
    ...(pid !== undefined && { pid }),
  }
}

function pidNamespace({ request, sandbox }: Parts): string | undefined {
  switch (request.pidMode) {
    case 'container':
      return undefined
    case 'host':
      return 'host'
    case 'pod':
      if (sandbox.pausePid !== undefined) return `ns:/proc/${sandbox.pausePid}/ns/pid`
      throw createError(request, 'the pod has no pid namespace of its own', false)
    default:
      return request.pidMode satisfies never
  }
}
