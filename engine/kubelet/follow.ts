import type { FilesVolume, UpdateVolumesRequest } from '../api/volumeRequests.ts'
import type { PodSpec, Volume } from '../api/generated/types.ts'
import { objectKey, podUid } from '../api/names.ts'
import type { UpdateVolumes } from '../api/plan.ts'
import type { PodRecord } from '../api/records.ts'
import { restartsOnConfigChange } from '../api/restartOnConfigChange.ts'
import type { Desired, ObservedNode } from '../api/snapshot.ts'
import { backOffOf, ofPod } from './actions.ts'
import { isProblem } from './context.ts'
import { filledFactsOf } from './facts.ts'
import { type FilesContext, filesVersion, filesVolume } from './requests/fileVolumes.ts'
import { credentialsDueMs, expiringIn } from './requests/credentials.ts'
import type { PodStep } from './step.ts'
import type { PodView } from './view.ts'

/**
 * Volumes made of ConfigMaps, Secrets and the pod's own facts follow those without a restart, as with the kubelet. A pod whose template
 * asks for a restart instead keeps what it was made with, and so does a volume whose sources are all immutable; but for tokens and
 * certificates, which would expire.
 */
export function followStep(view: PodView): PodStep | undefined {
  const { context, pod } = view
  if (pod.volumes === undefined || pod.sandbox !== 'ready') return undefined
  if (!hasFiles(pod.record.pod.spec)) return undefined
  const wanted = wantedVersions(pod.record, context.desired, context.node, context.now)
  const late = Object.keys(wanted).filter((name) => wanted[name] !== pod.volumes?.[name])
  if (late.length === 0 || backOffOf(view, '') !== undefined) return undefined
  const volumes = Object.fromEntries(late.map((name) => [name, wanted[name] ?? '']))
  const action: UpdateVolumes = { ...ofPod(view, reasonOf(view, late)), kind: 'updateVolumes', volumes }
  return { action }
}

const withFiles = new WeakMap<PodSpec, boolean>()

/** By the spec's identity: asked of every pod in every plan. */
function hasFiles(spec: PodSpec): boolean {
  const known = withFiles.get(spec)
  if (known !== undefined) return known
  const found = (spec.volumes ?? []).some(isOfFiles)
  withFiles.set(spec, found)
  return found
}

function isOfFiles({ configMap, downwardAPI, projected, secret }: Volume): boolean {
  return (configMap ?? downwardAPI ?? projected ?? secret) !== undefined
}

interface Known {
  readonly desired: Desired
  readonly node: ObservedNode['info']
  readonly versions: Readonly<Record<string, string>>
  /** When a token or certificate is to be another one. */
  readonly fromMs: number
  readonly untilMs: number
}

const versions = new WeakMap<PodRecord, Known>()

/** Remembered until the commit or the record is another one, or a token or certificate falls due. */
function wantedVersions(
  record: PodRecord,
  desired: Desired,
  node: ObservedNode,
  now: Temporal.Instant,
): Readonly<Record<string, string>> {
  const known = versions.get(record)
  const nowMs = now.epochMilliseconds
  const isTimely = known !== undefined && known.fromMs <= nowMs && nowMs < known.untilMs
  if (isTimely && known.desired === desired && known.node === node.info) return known.versions
  const context = contextOf(record, desired, node, now)
  const found = Object.fromEntries(
    followers(context).flatMap((volume) => {
      const version = filesVersion(volume, context)
      return version === undefined ? [] : [[volume.name, version]]
    }),
  )
  const untilMs = credentialsDueMs(record, now)
  const time =
    untilMs === undefined
      ? { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }
      : { fromMs: nowMs, untilMs }
  versions.set(record, { desired, node: node.info, versions: found, ...time })
  return found
}

function contextOf(
  record: PodRecord,
  desired: Desired,
  node: ObservedNode,
  now: Temporal.Instant,
): FilesContext {
  return { record, spec: filledFactsOf(record.pod.spec).spec, desired, node, now }
}

function followers(context: FilesContext): readonly Volume[] {
  const restarts = restartsOnConfigChange(context.record.pod.metadata)
  return (context.spec.volumes ?? []).filter(
    (volume) => expires(volume) || (!restarts && isOfFiles(volume) && !isFixed(volume, context)),
  )
}

/** Nobody looks at an immutable object again: that is what it is for. */
function isFixed(volume: Volume, { desired, record }: FilesContext): boolean {
  const namespace = record.pod.metadata.namespace ?? 'default'
  const keys = sourcesOf(volume).map(({ kind, name }) => objectKey(kind, namespace, name))
  if (keys.length === 0 || usesFacts(volume) || usesTrust(volume)) return false
  return keys.every((key) => {
    const object = desired.objects.get(key)?.object
    return (object?.kind === 'ConfigMap' || object?.kind === 'Secret') && object.immutable === true
  })
}

function usesFacts({ downwardAPI, projected }: Volume): boolean {
  return (
    downwardAPI !== undefined || (projected?.sources ?? []).some((source) => source.downwardAPI !== undefined)
  )
}

function usesTrust({ projected }: Volume): boolean {
  return (projected?.sources ?? []).some(({ clusterTrustBundle }) => clusterTrustBundle !== undefined)
}

function expires(volume: Volume): boolean {
  return expiringIn(volume).length > 0
}

interface Source {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
}

function sourcesOf({ configMap, projected, secret }: Volume): readonly Source[] {
  const ofMap = (one: { readonly name?: string } | undefined): readonly Source[] =>
    one === undefined ? [] : [{ kind: 'ConfigMap', name: one.name ?? '' }]
  const ofSecret = (name: string | undefined): readonly Source[] =>
    name === undefined ? [] : [{ kind: 'Secret', name }]
  const projections = (projected?.sources ?? []).flatMap((source) => [
    ...ofMap(source.configMap),
    ...ofSecret(source.secret?.name),
  ])
  return [...ofMap(configMap), ...ofSecret(secret?.secretName), ...projections]
}

function reasonOf({ pod }: PodView, late: readonly string[]): string {
  const changed = (pod.record.pod.spec.volumes ?? []).filter(({ name }) => late.includes(name))
  return changed.map(volumeReason).join('; ')
}

function volumeReason(volume: Volume): string {
  const sources = [...new Set(sourcesOf(volume).map(({ kind, name }) => `${kind} ${name}`))]
  if (expires(volume)) sources.push(`the time that its ${expiringIn(volume).join(' and ')} have left`)
  if (usesTrust(volume)) sources.push('its trust bundles')
  if (usesFacts(volume)) sources.push('its labels and annotations')
  return `volume ${volume.name} follows ${sources.join(', ')}`
}

/** What the runtime is asked for. A volume that cannot be made any more stays as it is. */
export function updateVolumesRequest(
  record: PodRecord,
  action: UpdateVolumes,
  desired: Desired,
  node: ObservedNode,
  now: Temporal.Instant,
): UpdateVolumesRequest {
  const context = contextOf(record, desired, node, now)
  const fsGroup = context.spec.securityContext?.fsGroup
  const volumes = followers(context).flatMap((volume): FilesVolume[] => {
    const made = action.volumes[volume.name] === undefined ? undefined : filesVolume(volume, context)
    return made === undefined || isProblem(made) ? [] : [made]
  })
  return { uid: podUid(record.pod.metadata.uid ?? ''), volumes, ...(fsGroup !== undefined && { fsGroup }) }
}
