import type { DaemonSet, ReplicaSet, StatefulSet, StatefulSetSpec } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkClaimSpec } from './claims.ts'
import { dns1035Label, dnsLabel, labelValue } from './names.ts'
import { checkPart } from './shares.ts'
import { checkTemplate } from './template.ts'
import { checkUnique } from './unique.ts'

export function checkReplicaSet(context: CheckContext, set: ReplicaSet): void {
  if (!context.intact(['spec'])) return
  if (set.spec.template === undefined) context.error(['spec', 'template'], 'required field is missing')
  checkTemplate(context, set.spec.selector, set.spec.template, ['Always'])
}

export function checkDaemonSet(context: CheckContext, set: DaemonSet): void {
  if (!context.intact(['spec'])) return
  checkTemplate(context, set.spec.selector, set.spec.template, ['Always'])
  const path = ['spec', 'updateStrategy']
  if (!context.sound(path)) return
  const { rollingUpdate, type } = set.spec.updateStrategy ?? {}
  const at = [...path, 'rollingUpdate']
  if (rollingUpdate === undefined) return
  if (type === 'OnDelete') return context.error(at, 'may not be set when updateStrategy.type is OnDelete')
  const { maxSurge = 0, maxUnavailable = 1 } = rollingUpdate
  const surge = checkPart(context, [...at, 'maxSurge'], maxSurge)
  const unavailable = checkPart(context, [...at, 'maxUnavailable'], maxUnavailable)
  if (surge === 0 && unavailable === 0)
    context.error([...at, 'maxUnavailable'], 'cannot be 0 when maxSurge is 0: no pod could ever be replaced')
  if (surge !== undefined && surge > 0 && (unavailable ?? 0) > 0)
    context.error(
      [...at, 'maxSurge'],
      'may not be set when maxUnavailable is non-zero',
      'set maxUnavailable: 0',
    )
}

export function checkStatefulSet(context: CheckContext, set: StatefulSet): void {
  if (!context.intact(['spec'])) return
  checkStatefulSpec(context, set.spec)
  checkPodNames(context, set)
  const { selector, template, volumeClaimTemplates } = set.spec
  if (volumeClaimTemplates === undefined) return checkTemplate(context, selector, template, ['Always'])
  if (!context.sound(['spec', 'volumeClaimTemplates']) || !context.sound(['spec', 'template'])) return
  checkClaimTemplates(context, volumeClaimTemplates)
  // A claim template stands for a volume of its name.
  const names = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name ?? ''))
  const claims = [...names].map((name) => ({ name, emptyDir: {} }))
  const written = (template.spec.volumes ?? []).filter((volume) => !names.has(volume.name))
  const spec = { ...template.spec, volumes: [...written, ...claims] }
  checkTemplate(context, selector, { ...template, spec }, ['Always'])
}

function checkStatefulSpec(context: CheckContext, spec: StatefulSetSpec): void {
  const { serviceName, updateStrategy } = spec
  if (typeof serviceName === 'string' && serviceName !== '') {
    const rule = dns1035Label(serviceName)
    if (rule !== undefined) context.error(['spec', 'serviceName'], `${JSON.stringify(serviceName)} ${rule}`)
  }
  const path = ['spec', 'updateStrategy', 'rollingUpdate']
  if (updateStrategy?.rollingUpdate === undefined || !context.sound(['spec', 'updateStrategy'])) return
  if (updateStrategy.type === 'OnDelete')
    return context.error(path, 'may not be set when updateStrategy.type is OnDelete')
  const { maxUnavailable } = updateStrategy.rollingUpdate
  if (maxUnavailable === undefined) return
  if (checkPart(context, [...path, 'maxUnavailable'], maxUnavailable) === 0)
    context.error([...path, 'maxUnavailable'], 'cannot be 0: no pod could ever be replaced')
}

/** A pod's name is the value of one of its labels, which has room for less than a name has. */
function checkPodNames(context: CheckContext, set: StatefulSet): void {
  const { name } = set.metadata
  if (typeof name !== 'string' || !context.sound(['spec', 'ordinals'])) return
  const { ordinals, replicas = 1 } = set.spec
  const last = `${name}-${(ordinals?.start ?? 0) + Math.max(1, replicas) - 1}`
  const rule = labelValue(last)
  if (rule !== undefined)
    context.error(
      ['metadata', 'name'],
      `the name of its last pod, ${last}, ${rule}: it is a label's value too`,
    )
}

type ClaimTemplates = NonNullable<StatefulSetSpec['volumeClaimTemplates']>

function checkClaimTemplates(context: CheckContext, templates: ClaimTemplates): void {
  const path: Path = ['spec', 'volumeClaimTemplates']
  const items = context.items(path, templates)
  checkUnique(context, items, 'metadata', ({ metadata }) => metadata.name)
  for (const { value, path: at } of items) {
    const { name } = value.metadata
    const rule = name === undefined ? undefined : dnsLabel(name)
    if (name === undefined) context.error([...at, 'metadata', 'name'], 'required field is missing')
    else if (rule !== undefined) context.error([...at, 'metadata', 'name'], `${JSON.stringify(name)} ${rule}`)
    checkClaimSpec(context, [...at, 'spec'], value.spec)
  }
}
