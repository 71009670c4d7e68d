import { admissionBy } from '../api/admission.ts'
import type { Node, ResourceQuota } from '../api/generated/types.ts'
import { hardOf, requestedOf, unsaidIn, type Usage, usageText, type Wanted } from '../api/quotas.ts'
import { wantedBy } from '../api/wantedPods.ts'
import { podSpecsOf } from '../api/podSpecs.ts'
import { type Finding, type Index, placeText, type Standing } from './standing.ts'

interface Standard {
  readonly standing: Standing
  readonly quota: ResourceQuota
}

/** What is too much for the ResourceQuotas of its namespace, in the words of Kubernetes' admission: object by object, as they stand in the files. */
export function quotas(index: Index): readonly Finding[] {
  const found = [...index.values()].flatMap((standing): readonly Standard[] => {
    const object = standing.placed.read.valid?.object
    return object?.kind === 'ResourceQuota' ? [{ standing, quota: object }] : []
  })
  if (found.length === 0) return []
  const wanted = wantedIn(index)
  return found.flatMap((standard) => {
    const { namespace = 'default' } = standard.quota.metadata
    return overdrawn(standard, wanted.get(namespace) ?? [])
  })
}

interface Asking {
  readonly standing: Standing
  readonly wanted: Wanted
}

function wantedIn(index: Index): ReadonlyMap<string, readonly Asking[]> {
  const all = [...index.values()].flatMap((standing) => {
    const object = standing.placed.read.valid?.object
    return object === undefined ? [] : [{ standing, object }]
  })
  const objects = all.map(({ object }) => object)
  const nodes = objects.filter((object): object is Node => object.kind === 'Node')
  const wanted = wantedBy(objects, nodes, admissionBy(objects))
  const asking = all.flatMap(({ standing }, at) => {
    const one = wanted[at]
    return one === undefined ? [] : [{ standing, wanted: one }]
  })
  return Map.groupBy(asking, ({ wanted: { object } }) => object.metadata.namespace ?? 'default')
}

function overdrawn({ quota, standing: place }: Standard, all: readonly Asking[]): readonly Finding[] {
  const name = quota.metadata.name ?? ''
  const suggestion = `ResourceQuota ${name}, ${placeText(place)}`
  const hard = hardOf(quota)
  const used = new Map([...hard.keys()].map((resource) => [resource, 0]))
  return all.flatMap(({ standing, wanted }) => {
    const fail = (message: string, path: Finding['path']): readonly Finding[] => [
      { standing, path, severity: 'error', message, suggestion },
    ]
    const [described] = podSpecsOf(wanted.object)
    const unsaid = unsaidText(quota, wanted)
    if (unsaid !== '')
      return fail(`failed quota: ${name}: must specify ${unsaid}`, [...(described?.path ?? []), 'containers'])
    const requested = requestedOf(quota, wanted)
    const over = [...requested].filter(
      ([resource, amount]) => (used.get(resource) ?? 0) + amount > (hard.get(resource) ?? 0),
    )
    if (over.length === 0) {
      for (const [resource, amount] of requested) used.set(resource, (used.get(resource) ?? 0) + amount)
      return []
    }
    const names = over.map(([resource]) => resource).toSorted()
    const [asked, taken, limited] = [requested, used, hard].map((usage) => listed(usage, names))
    const message = `exceeded quota: ${name}, requested: ${asked}, used: ${taken}, limited: ${limited}`
    return fail(message, described?.path.slice(0, -1) ?? [])
  })
}

/** Of what will make pods, sooner or later. */
function unsaidText(quota: ResourceQuota, { object, pods, spec }: Wanted): string {
  if (spec === undefined || (pods === 0 && object.kind !== 'CronJob')) return ''
  const unsaid = [...unsaidIn(quota, spec)]
  return unsaid.map(([resource, names]) => `${resource} for: ${names.join(',')}`).join('; ')
}

function listed(usage: Usage, names: readonly string[]): string {
  return names.map((name) => `${name}=${usageText(name, usage.get(name) ?? 0)}`).join(',')
}
