import type { Ingress, IngressClass } from '../../api/generated/types.ts'
import type { Desired, DesiredObject } from '../../api/snapshot.ts'
import { memoised } from '../../api/memo.ts'
import { type IngressOwner, ownerOf } from '../../proxy/ingressClasses.ts'
import { inOrder } from '../inOrder.ts'

export interface WantedIngress {
  readonly desired: DesiredObject
  readonly written: Ingress
  readonly owner: IngressOwner
}

/** The Ingresses of a commit, by key. */
export const ingressList = memoised((objects: Desired['objects']): readonly WantedIngress[] => {
  const classes: IngressClass[] = []
  const found: { readonly desired: DesiredObject; readonly written: Ingress }[] = []
  for (const desired of objects.values()) {
    const { written } = desired
    if (written.kind === 'IngressClass') classes.push(written)
    if (written.kind === 'Ingress') found.push({ desired, written })
  }
  const sorted = inOrder(classes, ({ metadata }) => metadata.name ?? '')
  return inOrder(found, ({ desired }) => desired.key).map((one) => {
    return { ...one, owner: ownerOf(one.written, sorted) }
  })
})
