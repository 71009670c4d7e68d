import { fieldChanges } from '../../api/canonical.ts'
import { podTemplateWithDefaults } from '../../api/defaults/pod.ts'
import type { PodTemplateSpec } from '../../api/generated/types.ts'
import type { FieldChange } from '../../api/plan.ts'
import type { History } from './revisions.ts'
import { isActive, type PodView } from '../view.ts'

/** From the template that most old pods have to the one of now; `hashOf` tells a pod's revision. */
export function templateChanges(
  { current, revisions }: History,
  pods: readonly PodView[],
  hashOf: (pod: PodView) => string | undefined,
): readonly FieldChange[] {
  const counts = Map.groupBy(pods.filter(isActive), hashOf)
  const old = revisions
    .filter((revision) => revision !== current)
    .map((revision) => ({ revision, count: counts.get(revision.hash)?.length ?? 0 }))
    .filter(({ count }) => count > 0)
  const [most] = old.toSorted((a, b) => b.count - a.count)
  if (most === undefined) return []
  return fieldChanges(shown(most.revision.template), shown(current.template))
}

function shown(template: PodTemplateSpec): unknown {
  return { spec: { template: podTemplateWithDefaults(template) } }
}
