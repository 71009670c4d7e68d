import type { Ingress, IngressClass } from '../api/generated/types.ts'
import { INGRESS_CONTROLLER } from '../api/ingress.ts'

/** Source: https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class */
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class'

export type IngressOwner =
  | { readonly kind: 'ours' }
  | { readonly kind: 'other'; readonly controller: string }
  | { readonly kind: 'unknown'; readonly className: string }

/** An Ingress without a class is ours unless the default class is somebody else's. */
export function ownerOf({ spec = {} }: Ingress, classes: readonly IngressClass[]): IngressOwner {
  const { ingressClassName: className } = spec
  const found =
    className === undefined
      ? classes.find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
      : classes.find(({ metadata }) => metadata.name === className)
  if (found === undefined) return className === undefined ? { kind: 'ours' } : { kind: 'unknown', className }
  const controller = found.spec?.controller ?? ''
  return controller === INGRESS_CONTROLLER ? { kind: 'ours' } : { kind: 'other', controller }
}
