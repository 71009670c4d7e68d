import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { isProjected, trustText } from '../../api/certificates.ts'
import type { FilesVolume } from '../../api/volumeRequests.ts'
import type {
  ClusterTrustBundle,
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  PodSpec,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '../../api/generated/types.ts'
import { type IssuedContent, POD_SIGNER, POD_TRUST } from '../../api/podCertificates.ts'
import type { Desired, ObservedNode } from '../../api/snapshot.ts'
import type { PodRecord } from '../../api/records.ts'
import type { TokenClaims } from '../../api/tokens.ts'
import type { ConfigProblem } from '../context.ts'
import { containerFacts, filledFactsOf } from '../facts.ts'
import { certificateOrder } from './certificates.ts'
import { downwardValue } from './fields.ts'
import { mountProblem } from './mountProblem.ts'
import { resourceAmount } from './resourceFields.ts'
import { bytesOf, digestOf, notFound, sourceData, type SourceKind } from './sources.ts'
import { tokenClaims } from './tokens.ts'

const FILE_MODE = 0o644

/** A pod's group is to read the files whatever their mode says. */
const GROUP_READ = 0o440

export interface FilesContext {
  readonly record: PodRecord
  readonly spec: PodSpec
  readonly desired: Desired
  /** For limits that are not set; absent: nothing is known of the node. */
  readonly node: ObservedNode | undefined
  /** Of tokens and certificates. */
  readonly now: Temporal.Instant
}

interface File {
  readonly path: string
  readonly mode: number
  readonly value: string | Uint8Array
  readonly digest: string
  readonly token?: TokenClaims
  readonly issued?: IssuedContent
}

/** Undefined: a volume that is no files of the commit's or of the pod's own making. */
export function filesVolume(volume: Volume, context: FilesContext): FilesVolume | ConfigProblem | undefined {
  const found = filesOf(volume, context)
  if (found === undefined) return undefined
  if ('kind' in found) return found
  return {
    kind: 'files',
    name: volume.name,
    secret: found.secret,
    files: found.files.map(({ issued, mode, path, token, value }) => ({
      path,
      mode,
      content: bytesOf(value),
      ...(token !== undefined && { token }),
      ...(issued !== undefined && { issued }),
    })),
    version: versionOf(found.files, context),
  }
}

/** The version alone, without the files; undefined also while the volume cannot be made. */
export function filesVersion(volume: Volume, context: FilesContext): string | undefined {
  const found = filesOf(volume, context)
  return found === undefined || 'kind' in found ? undefined : versionOf(found.files, context)
}

/** Keyed, since it stands in plans: who reads one must not be able to try out which password gives it. */
function versionOf(files: readonly File[], { desired, spec }: FilesContext): string {
  const hash = hmac.create(sha256, utf8ToBytes(desired.hashKey ?? ''))
  hash.update(utf8ToBytes(`${spec.securityContext?.fsGroup}`))
  for (const { digest, mode, path } of files) hash.update(utf8ToBytes(`\0${path}\0${mode}\0${digest}`))
  return bytesToHex(hash.digest()).slice(0, 32)
}

interface Found {
  readonly secret: boolean
  readonly files: readonly File[]
}

function filesOf(volume: Volume, context: FilesContext): Found | ConfigProblem | undefined {
  const { configMap, downwardAPI, projected, secret } = volume
  const collected = new Collected(context)
  if (configMap !== undefined) {
    collected.addData('ConfigMap', configMap.name ?? '', configMap, configMap.defaultMode)
  } else if (secret !== undefined) {
    collected.addData('Secret', secret.secretName ?? '', secret, secret.defaultMode)
  } else if (downwardAPI !== undefined) {
    collected.addFacts(downwardAPI.items ?? [], downwardAPI.defaultMode)
  } else if (projected !== undefined) {
    for (const source of projected.sources ?? []) addProjection(collected, source, projected.defaultMode)
  } else return undefined
  if (collected.problem !== undefined) return mountProblem(volume.name, collected.problem)
  return { secret: collected.secret, files: [...collected.files.values()] }
}

function addProjection(collected: Collected, source: VolumeProjection, mode: number | undefined): void {
  const { clusterTrustBundle, configMap, downwardAPI, podCertificate, secret, serviceAccountToken } = source
  if (clusterTrustBundle !== undefined) collected.addTrust(clusterTrustBundle, mode)
  if (configMap !== undefined) collected.addData('ConfigMap', configMap.name ?? '', configMap, mode)
  if (secret !== undefined) collected.addData('Secret', secret.name ?? '', secret, mode)
  if (downwardAPI !== undefined) collected.addFacts(downwardAPI.items ?? [], mode)
  if (serviceAccountToken !== undefined) collected.addToken(serviceAccountToken, mode)
  if (podCertificate !== undefined) collected.addCertificate(podCertificate, mode)
}

const bundlesOf = new WeakMap<Desired['objects'], readonly ClusterTrustBundle[]>()

/** By the commit's identity: it is looked through once, not for each pod. */
function trustBundles({ objects }: Desired): readonly ClusterTrustBundle[] {
  const known = bundlesOf.get(objects)
  if (known !== undefined) return known
  const found = [...objects.values()].flatMap(({ object }) =>
    object.kind === 'ClusterTrustBundle' ? [object] : [],
  )
  bundlesOf.set(objects, found)
  return found
}

interface DataSource {
  readonly items?: readonly KeyToPath[]
  readonly optional?: boolean
}

/** One volume's files as its sources give them, a later one of a path over an earlier one; stops at the first problem. */
class Collected {
  readonly files = new Map<string, File>()
  secret = false
  problem: string | undefined
  readonly #context: FilesContext
  readonly #grouped: boolean

  constructor(context: FilesContext) {
    this.#context = context
    this.#grouped = context.spec.securityContext?.fsGroup !== undefined
  }

  addData(kind: SourceKind, name: string, source: DataSource, defaultMode: number | undefined): void {
    const { desired, record } = this.#context
    if (kind === 'Secret') this.secret = true
    const data = sourceData(desired, kind, record.pod.metadata.namespace ?? 'default', name)
    if (data === undefined) {
      if (source.optional !== true) this.problem ??= notFound(kind, name)
      return
    }
    const items = source.items ?? []
    const all = [...data.keys()].map((key): KeyToPath => ({ key, path: key }))
    for (const { key, mode, path } of items.length > 0 ? items : all) {
      const value = data.get(key)
      if (value !== undefined) this.#add(path, mode ?? defaultMode, value, digestOf(data, key))
      else if (source.optional !== true) this.problem ??= missingKey(kind, key)
    }
  }

  addTrust(source: ClusterTrustBundleProjection, defaultMode: number | undefined): void {
    const bundles = trustBundles(this.#context.desired).filter((bundle) => isProjected(source, bundle))
    const own = isProjected(source, POD_TRUST)
    if (bundles.length === 0 && !own && source.optional !== true) {
      const which = source.name ?? `of signer ${source.signerName ?? ''}`
      this.problem ??= `clustertrustbundle ${JSON.stringify(which)} not found`
      return
    }
    const text = trustText(bundles)
    const digest = own ? `${text}${POD_SIGNER}` : text
    this.#add(source.path, defaultMode, text, digest, own ? { issued: { kind: 'trust' } } : {})
  }

  addFacts(items: readonly DownwardAPIVolumeFile[], defaultMode: number | undefined): void {
    for (const item of items) {
      const value = this.#fact(item)
      if (value === undefined) {
        const what = item.fieldRef?.fieldPath ?? item.resourceFieldRef?.resource ?? 'nothing'
        this.problem ??= `there is no ${what} to be written to ${item.path}`
        continue
      }
      this.#add(item.path, item.mode ?? defaultMode, value, value)
    }
  }

  /** Nobody but the pod's group and the owner reads it where there is a group, as with the kubelet. */
  addToken(source: ServiceAccountTokenProjection, defaultMode: number | undefined): void {
    const { desired, now, record } = this.#context
    this.secret = true
    const token = tokenClaims(source, record, desired, now)
    const mode = this.#grouped ? 0o600 : defaultMode
    this.#add(source.path, mode, '', JSON.stringify(token), { token })
  }

  addCertificate(source: PodCertificateProjection, defaultMode: number | undefined): void {
    const { desired, now, record } = this.#context
    this.secret = true
    const order = certificateOrder(source, record, desired, now)
    const mode = this.#grouped ? 0o600 : defaultMode
    const paths = {
      bundle: source.credentialBundlePath,
      key: source.keyPath,
      chain: source.certificateChainPath,
    }
    for (const part of ['bundle', 'key', 'chain'] as const) {
      const path = paths[part]
      if (!path) continue
      const issued: IssuedContent = { kind: 'certificate', order, part }
      this.#add(path, mode, '', JSON.stringify(issued), { issued })
    }
  }

  #fact({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile): string | undefined {
    const { record } = this.#context
    if (fieldRef !== undefined) return downwardValue(fieldRef.fieldPath, record.pod.metadata)
    if (resourceFieldRef === undefined) return undefined
    const { containerName = '' } = resourceFieldRef
    const container = containerFacts(filledFactsOf(record.pod.spec), containerName)?.container
    return container && resourceAmount(resourceFieldRef, container, this.#context)
  }

  #add(
    path: string,
    mode: number | undefined,
    value: File['value'],
    digest: string,
    made: Pick<File, 'token' | 'issued'> = {},
  ): void {
    const own = mode ?? FILE_MODE
    this.files.set(path, { path, mode: this.#grouped ? own | GROUP_READ : own, value, digest, ...made })
  }
}

function missingKey(kind: SourceKind, key: string): string {
  return kind === 'Secret'
    ? `references non-existent secret key: ${key}`
    : `configmap references non-existent config key: ${key}`
}
