import { canonicalJson } from '../../api/canonical.ts'
import { withDefaults } from '../../api/defaults/objects.ts'
import type { JobSpec, KubernetesObject, PodTemplateSpec } from '../../api/generated/types.ts'
import { compareQuantities } from '../../api/quantity.ts'
import { templateText } from '../../api/templates.ts'

/** A change that the API server refuses: its error's path, and what it says after the path. */
export interface ImmutableChange {
  readonly path: string
  readonly message: string
}

/** An object of the commit as written, or one on record: of the earlier one the status matters too. */
export interface Specified {
  readonly spec?: unknown
  readonly status?: unknown
}

const IMMUTABLE = 'field is immutable'
const STATEFUL_SET =
  "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
  "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
const CLAIM =
  'Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
const SOURCE = 'Forbidden: spec.persistentvolumesource is immutable after creation'
const SMALLER = 'Forbidden: field can not be less than status.capacity'

/** So much of a value is shown in a message; the API server shows all of it. */
const SHOWN_MAX = 100

/**
 * Which of the changes from `before` to `after`, both as written, the API server would refuse, in its own words. Both sides get the
 * defaults of today's engine first. Nothing when `before` has no spec on record. The rules are Kubernetes' Validate*Update functions
 * (pkg/apis/{apps,batch,core}/validation/validation.go).
 */
export function immutableChanges(
  kind: KubernetesObject['kind'],
  before: Specified,
  after: Specified,
): readonly ImmutableChange[] {
  const old = defaulted(kind, before)
  const next = defaulted(kind, after)
  if (old === undefined || next === undefined) return []
  switch (kind) {
    case 'Deployment':
    case 'ReplicaSet':
    case 'DaemonSet':
      return unchanged(['selector'], fieldsOf(old), fieldsOf(next))
    case 'StatefulSet':
      return statefulSetChanges(fieldsOf(old), fieldsOf(next))
    case 'Job':
      return old.kind === 'Job' && next.kind === 'Job' ? jobChanges(old.spec, next.spec, before.status) : []
    case 'PersistentVolumeClaim':
      return claimChanges(fieldsOf(old), fieldsOf(next), before.status)
    case 'PersistentVolume':
      return volumeChanges(fieldsOf(old), fieldsOf(next))
    // A Pod is made anew by its own controller, and a change of any of the others takes effect as in Kubernetes.
    case 'Pod':
    case 'CronJob':
    case 'HorizontalPodAutoscaler':
    case 'PodDisruptionBudget':
    case 'Service':
    case 'EndpointSlice':
    case 'Ingress':
    case 'IngressClass':
    case 'ConfigMap':
    case 'Secret':
    case 'ServiceAccount':
    case 'Namespace':
    case 'LimitRange':
    case 'PriorityClass':
    case 'ResourceQuota':
    case 'RuntimeClass':
    case 'StorageClass':
    case 'ClusterTrustBundle':
    case 'Cluster':
    case 'Node':
      return []
    default:
      return kind satisfies never
  }
}

/** `Job "pi" is invalid: spec.template: Invalid value: {...}: field is immutable`, as kubectl prints it. */
export function invalidMessage(kind: string, name: string, changes: readonly ImmutableChange[]): string {
  const causes = changes.map(({ message, path }) => `${path}: ${message}`)
  const all = causes.length === 1 ? causes.join('') : `[${causes.join(', ')}]`
  return `${kind} "${name}" is invalid: ${all}`
}

type Fields = Readonly<Record<string, unknown>>

function statefulSetChanges(old: Fields, next: Fields): readonly ImmutableChange[] {
  const fixed = ({ podManagementPolicy, selector, serviceName, volumeClaimTemplates }: Fields): unknown => ({
    podManagementPolicy,
    selector,
    serviceName,
    volumeClaimTemplates: Array.isArray(volumeClaimTemplates)
      ? volumeClaimTemplates.map(claimTemplate)
      : undefined,
  })
  return same(fixed(old), fixed(next)) ? [] : [{ path: 'spec', message: STATEFUL_SET }]
}

/** Its kind and version may be written or left out. */
function claimTemplate(template: unknown): unknown {
  if (!isFields(template)) return template
  const { metadata, spec } = template
  return { metadata, spec }
}

const JOB_FIELDS = [
  'selector',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
]

function jobChanges(old: JobSpec, next: JobSpec, status: unknown): readonly ImmutableChange[] {
  const [selector, ...rest] = JOB_FIELDS.map((field) => unchanged([field], { ...old }, { ...next }))
  const wasSuspended = old.suspend === true && !(isFields(status) && status['startTime'] !== undefined)
  const template = wasSuspended ? withScheduling(old.template, next.template) : old.template
  const changed = templateText(template) !== templateText(next.template)
  return [
    ...completionsChange(old, next),
    ...(selector ?? []),
    ...(changed ? [immutable('spec.template', next.template)] : []),
    ...rest.flat(),
  ]
}

/** Of an Indexed Job they may be changed together with parallelism. */
function completionsChange(old: JobSpec, next: JobSpec): readonly ImmutableChange[] {
  if (old.completions === next.completions) return []
  if (next.completionMode !== 'Indexed') return [immutable('spec.completions', next.completions)]
  if (next.completions === undefined || next.completions === next.parallelism) return []
  const message = `Invalid value: ${next.completions}: can only be modified in tandem with spec.parallelism`
  return [{ path: 'spec.completions', message }]
}

/** What may still be changed in the template of a Job that is suspended and has never been started: where its pods go. */
function withScheduling(old: PodTemplateSpec, next: PodTemplateSpec): PodTemplateSpec {
  const { metadata, spec } = next
  const {
    affinity,
    nodeSelector: _n,
    schedulingGates: _g,
    tolerations: _t,
    ...rest
  } = old.spec ?? {
    containers: [],
  }
  const { nodeAffinity: _a, ...others } = affinity ?? {}
  const nodeAffinity = spec?.affinity?.nodeAffinity
  const affinities = { ...others, ...(nodeAffinity !== undefined && { nodeAffinity }) }
  const isEmpty = Object.keys(affinities).length === 0 && spec?.affinity === undefined
  return {
    ...old,
    ...(metadata !== undefined && { metadata }),
    spec: {
      ...rest,
      ...(!isEmpty && { affinity: affinities }),
      ...(spec?.nodeSelector !== undefined && { nodeSelector: spec.nodeSelector }),
      ...(spec?.schedulingGates !== undefined && { schedulingGates: spec.schedulingGates }),
      ...(spec?.tolerations !== undefined && { tolerations: spec.tolerations }),
    },
  }
}

function claimChanges(old: Fields, next: Fields, status: unknown): readonly ImmutableChange[] {
  const isBound = isFields(status) && status['phase'] === 'Bound'
  const bound = old['volumeName'] ?? (isBound ? '' : next['volumeName'])
  const fixed = (spec: Fields): unknown => ({
    ...(isBound ? withoutStorage(spec) : spec),
    // The engine names these itself, and nobody may once it has.
    volumeName: spec === next ? (next['volumeName'] ?? bound) : bound,
    ...(isBound && { volumeAttributesClassName: undefined }),
  })
  const changes: ImmutableChange[] = []
  if (!same(fixed(old), fixed(next))) changes.push({ path: 'spec', message: CLAIM })
  const before = storageOf(old)
  const after = storageOf(next)
  if (before !== undefined && after !== undefined && compareQuantities(after, before) < 0)
    changes.push({ path: 'spec.resources.requests.storage', message: SMALLER })
  return changes
}

const SOURCES = ['hostPath', 'local', 'nfs']

/** ValidatePersistentVolumeUpdate; capacity, access modes, class and claimRef may change. */
function volumeChanges(old: Fields, next: Fields): readonly ImmutableChange[] {
  const changes: ImmutableChange[] = []
  if (!SOURCES.every((source) => same(old[source], next[source])))
    changes.push({ path: 'spec.persistentvolumesource', message: SOURCE })
  changes.push(...unchanged(['volumeMode'], old, next))
  if (old['nodeAffinity'] !== undefined) changes.push(...unchanged(['nodeAffinity'], old, next))
  return changes
}

function withoutStorage(spec: Fields): Fields {
  const resources = isFields(spec['resources']) ? spec['resources'] : {}
  const requests = isFields(resources['requests']) ? resources['requests'] : {}
  return { ...spec, resources: { ...resources, requests: { ...requests, storage: undefined } } }
}

function storageOf({ resources }: Fields): string | number | undefined {
  const requests = isFields(resources) ? resources['requests'] : undefined
  const storage = isFields(requests) ? requests['storage'] : undefined
  return typeof storage === 'string' || typeof storage === 'number' ? storage : undefined
}

function unchanged(names: readonly string[], old: Fields, next: Fields): readonly ImmutableChange[] {
  return names
    .filter((name) => !same(old[name], next[name]))
    .map((name) => immutable(`spec.${name}`, next[name]))
}

function immutable(path: string, value: unknown): ImmutableChange {
  const text = canonicalJson(value)
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text
  return { path, message: `Invalid value: ${shown}: ${IMMUTABLE}` }
}

function same(a: unknown, b: unknown): boolean {
  return canonicalJson(withoutEmpty(a)) === canonicalJson(withoutEmpty(b))
}

/** Kubernetes does not tell an empty list or map from an absent one. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmpty)
  if (!isFields(value)) return value
  const members = Object.entries(value).map(([key, member]) => [key, withoutEmpty(member)] as const)
  const kept = members.filter(([, member]) => member !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

function defaulted(kind: KubernetesObject['kind'], { spec }: Specified): KubernetesObject | undefined {
  const object: unknown = { kind, metadata: {}, spec }
  return isFields(spec) && isKubernetes(object) ? withDefaults(object) : undefined
}

function fieldsOf(object: KubernetesObject): Fields {
  return 'spec' in object && isFields(object.spec) ? object.spec : {}
}

/** What stands on record was validated when it came. */
function isKubernetes(value: unknown): value is KubernetesObject {
  return isFields(value) && typeof value['kind'] === 'string'
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
