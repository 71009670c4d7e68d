import { OWN_CLASS } from '../../api/claims.ts'
import type { PersistentVolumeClaimSpec } from '../../api/generated/types.ts'
import { type ObjectKey, objectKey } from '../../api/names.ts'
import type { NodeFacts } from '../../api/nodes.ts'
import { compareQuantities } from '../../api/quantity.ts'
import type { BoundVolume, ObjectRecord } from '../../api/records.ts'
import { boundVolume } from '../../controllers/claim.ts'
import { type Decision, nothing } from '../../controllers/decision.ts'
import {
  better,
  isKeptFor,
  isReachable,
  misfit,
  type Offer,
  type Seeker,
} from '../../controllers/volume/fit.ts'
import {
  changedVolume,
  type VolumeFacts,
  volumeFacts,
  volumeRecord,
  volumeReport,
} from '../../controllers/volume/record.ts'
import { inOrder } from '../inOrder.ts'
import type { World } from '../world.ts'

/** A volume of the commit, and the claim that has it. */
export interface Volume extends Offer, VolumeFacts {
  claim: ObjectKey | undefined
}

const NONE: ReadonlySet<string> = new Set()

/**
 * The commit's PersistentVolumes, and which claim has which. What a claim's record names is bound to it, whatever the volume's record says
 * yet: that one follows in a later plan, so that no volume is ever kept for a claim that nobody has written down.
 */
export class VolumeBook {
  readonly #world: World
  readonly #volumes = new Map<string, Volume>()

  constructor(world: World) {
    this.#world = world
    for (const { key, written } of world.snapshot.desired.objects.values()) {
      if (written.kind !== 'PersistentVolume') continue
      const facts = volumeFacts(key, written, world.snapshot.records.get(key))
      const { labels = {}, name = '' } = written.metadata
      this.#volumes.set(name, { ...facts, name, labels, claim: undefined })
    }
    for (const record of world.snapshot.records.values()) {
      const volume = boundVolume(record)
      if (volume !== undefined) this.take(volume, record.key)
    }
  }

  get isEmpty(): boolean {
    return this.#volumes.size === 0
  }

  get(name: string): Volume | undefined {
    return this.#volumes.get(name)
  }

  take(name: string, claim: ObjectKey): void {
    const volume = this.#volumes.get(name)
    if (volume !== undefined) volume.claim ??= claim
  }

  /** As the kubelet is to mount it, wherever the commit's copy of it goes. */
  sourceOf(name: string): BoundVolume | undefined {
    const spec = this.#volumes.get(name)?.spec
    if (spec === undefined) return undefined
    const { hostPath, local, mountOptions, nfs, volumeMode } = spec
    return {
      name,
      ...(hostPath !== undefined && { hostPath }),
      ...(local !== undefined && { local }),
      ...(nfs !== undefined && { nfs }),
      ...(mountOptions !== undefined && { mountOptions }),
      ...(volumeMode === 'Block' && { volumeMode }),
    }
  }

  /** The volume to bind to, as Kubernetes' binder chooses it; without a node: wherever it is. */
  fitting(seeker: Seeker, node?: NodeFacts, except = NONE): Volume | undefined {
    const { volumeName } = seeker.spec
    const named = volumeName ? this.#volumes.get(volumeName) : undefined
    const candidates = volumeName ? (named === undefined ? [] : [named]) : [...this.#volumes.values()]
    return candidates
      .filter((volume) => !except.has(volume.name) && this.#isFree(seeker, volume))
      .filter((volume) => misfit(seeker, volume) === undefined)
      .filter(({ spec }) => node === undefined || isReachable(spec, node))
      .toSorted((a, b) => better(seeker, a, b))[0]
  }

  #isFree(seeker: Seeker, { claim, spec }: Volume): boolean {
    if (claim !== undefined) return claim === seeker.key
    return spec.claimRef === undefined || isKeptFor(seeker, spec)
  }

  /** Which volume each of these claims of one pod would have on this node, the smallest first; undefined when one that needs a volume gets none. */
  matching(
    seekers: readonly { readonly seeker: Seeker; readonly needed: boolean }[],
    node: NodeFacts,
  ): ReadonlyMap<ObjectKey, Volume> | undefined {
    const chosen = new Map<ObjectKey, Volume>()
    const taken = new Set<string>()
    for (const { needed, seeker } of seekers.toSorted((a, b) => smaller(a.seeker, b.seeker))) {
      const volume = this.fitting(seeker, node, taken)
      if (volume === undefined && needed) return undefined
      if (volume === undefined) continue
      chosen.set(seeker.key, volume)
      taken.add(volume.name)
    }
    return chosen
  }

  /** By the class, if the commit has it; else a volume that is tied to nodes waits for the first pod to choose one. */
  waits(seeker: Seeker, volume: Volume): boolean {
    if (seeker.spec.volumeName || isKeptFor(seeker, volume.spec)) return false
    const { storageClassName } = seeker.spec
    const key = objectKey('StorageClass', '', storageClassName ?? '')
    const found = this.#world.snapshot.desired.objects.get(key)?.object
    if (found?.kind === 'StorageClass') return found.volumeBindingMode === 'WaitForFirstConsumer'
    return volume.spec.nodeAffinity !== undefined
  }

  /** Why a claim that needs a volume has none, in Kubernetes' words. */
  problem(seeker: Seeker): string {
    const { storageClassName, volumeName } = seeker.spec
    if (volumeName) {
      const named = this.#volumes.get(volumeName)
      if (named === undefined) return `volume ${JSON.stringify(volumeName)} not found`
      const why = misfit(seeker, named) ?? `volume already bound to a different claim${ofWhom(named)}`
      return `cannot bind to requested volume ${JSON.stringify(volumeName)}: ${why}`
    }
    if (storageClassName && storageClassName !== OWN_CLASS && !this.#hasClass(storageClassName)) {
      const name = JSON.stringify(storageClassName)
      return `storageclass.storage.k8s.io ${name} not found: leave storageClassName out, or write local, for a folder on a node; or add a PersistentVolume of this class`
    }
    return `no persistent volumes available for this claim${storageClassName ? '' : ' and no storage class is set'}`
  }

  #hasClass(name: string): boolean {
    if (this.#world.snapshot.desired.objects.has(objectKey('StorageClass', '', name))) return true
    return [...this.#volumes.values()].some(({ spec }) => spec.storageClassName === name)
  }

  /** `claimOf`: the record of a claim that is there, as this plan leaves it. */
  decisions(claimOf: (key: ObjectKey) => ObjectRecord | undefined): readonly Decision[] {
    const { context, snapshot } = this.#world
    return inOrder([...this.#volumes.values()], ({ key }) => key).map((volume) => {
      const claim = volume.claim === undefined ? undefined : claimOf(volume.claim)
      const known = claim === undefined ? undefined : snapshot.records.get(claim.key)
      const isOnRecord = known !== undefined && boundVolume(known) === volume.name
      const next = changedVolume(volume, volumeRecord(volume, isOnRecord ? claim : undefined, context))
      const reason = isOnRecord ? 'is bound' : 'is as the commit has it'
      const object = volume.key
      return {
        ...nothing(object),
        records: next === undefined ? [] : [{ kind: 'writeRecord', object, record: next, reason }],
        reports: [volumeReport(volume, volumeRecord(volume, claim, context))],
      }
    })
  }
}

function ofWhom({ claim }: Volume): string {
  return claim === undefined ? '' : `: ${claim.slice(claim.indexOf('/') + 1)}`
}

function smaller(a: Seeker, b: Seeker): number {
  return compareQuantities(sizeOf(a.spec), sizeOf(b.spec))
}

function sizeOf({ resources }: PersistentVolumeClaimSpec): string | number {
  return resources?.requests?.['storage'] ?? 0
}
