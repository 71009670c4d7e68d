import type { ObjectMeta, OwnerReference } from './generated/types.ts'

/** The one owner that made it and is answerable for it; Kubernetes' GetControllerOf. */
export function controllerOf({
  ownerReferences,
}: Pick<ObjectMeta, 'ownerReferences'>): OwnerReference | undefined {
  return ownerReferences?.find(({ controller }) => controller === true)
}
