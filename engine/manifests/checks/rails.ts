import type { KubernetesObject } from '../../api/generated/types.ts'
import { canBeLeftAlone, PRUNE, SYNC_MODE } from '../../api/syncAnnotations.ts'
import type { CheckContext } from '../context.ts'

/** Annotations that say how far the engine may go with an object, where they cannot be honoured or have nothing to say. */
export function checkRails(context: CheckContext, { kind, metadata }: KubernetesObject): void {
  const path = ['metadata', 'annotations'] as const
  if (metadata?.annotations === undefined || !context.sound(path)) return
  const { [PRUNE]: prune, [SYNC_MODE]: mode } = metadata.annotations
  if (mode !== undefined && !canBeLeftAlone(kind))
    context.warn([...path, SYNC_MODE], `has no effect: nothing runs of a ${kind} by itself`)
  if (prune !== 'false') return
  if (kind === 'Secret') {
    const message = 'a Secret cannot be kept once it has left the repository: its data is in no record'
    context.error([...path, PRUNE], message, 'leave the Secret in the repository for as long as it is needed')
  }
  if (kind === 'Cluster' || kind === 'Node')
    context.warn([...path, PRUNE], `has no effect: nothing is deleted with a ${kind}`)
}
