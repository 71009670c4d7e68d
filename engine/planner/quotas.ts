import { admissionBy } from '../api/admission.ts'
import type { ResourceQuota } from '../api/generated/types.ts'
import type { StatusReport } from '../api/plan.ts'
import { hardOf, requestedOf, usageText } from '../api/quotas.ts'
import type { Desired, DesiredObject } from '../api/snapshot.ts'
import { wantedBy } from '../api/wantedPods.ts'
import { memoised } from '../api/memo.ts'

/** How ResourceQuotas stand: what the commit wants, which is never more than they allow. */
export function quotaReports(desired: Desired): readonly StatusReport[] {
  const found = quotasOf(desired.objects)
  return found.length === 0 ? [] : reportsOf(desired)
}

const quotasOf = memoised((objects: Desired['objects']) =>
  [...objects.values()].filter(({ object }) => object.kind === 'ResourceQuota'),
)

const reportsOf = memoised((desired: Desired): readonly StatusReport[] => {
  const objects = [...desired.objects.values()].map(({ object }) => object)
  const wanted = wantedBy(objects, desired.nodes, admissionBy(objects))
  return quotasOf(desired.objects).flatMap(({ key, object }: DesiredObject) =>
    object.kind === 'ResourceQuota'
      ? [{ key, health: { kind: 'healthy' }, status: statusOf(object, wanted) }]
      : [],
  )
})

function statusOf(quota: ResourceQuota, all: ReturnType<typeof wantedBy>): ResourceQuota['status'] {
  const { namespace = 'default' } = quota.metadata
  const hard = hardOf(quota)
  const used = new Map([...hard.keys()].map((name) => [name, 0]))
  for (const one of all) {
    if ((one.object.metadata.namespace ?? 'default') !== namespace) continue
    for (const [name, amount] of requestedOf(quota, one)) used.set(name, (used.get(name) ?? 0) + amount)
  }
  const texts = (usage: ReadonlyMap<string, number>): Record<string, string> =>
    Object.fromEntries(
      [...usage]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, amount]) => [name, usageText(name, amount)]),
    )
  return { hard: texts(hard), used: texts(used) }
}
