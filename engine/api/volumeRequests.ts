import type { PullImageRequest } from './imageRequests.ts'
import type { PodUid, Timestamp } from './names.ts'
import type { IssuedContent } from './podCertificates.ts'
import type { TokenClaims } from './tokens.ts'

/** What a runtime is asked for the volumes of pods and for claims; the rest of what it is asked stands in cri.ts. */

export type VolumeRequest =
  | {
      readonly kind: 'emptyDir'
      readonly name: string
      readonly medium: '' | 'Memory'
      readonly sizeLimitBytes?: number
    }
  | { readonly kind: 'hostPath'; readonly name: string; readonly path: string; readonly type: HostPathType }
  | {
      readonly kind: 'files'
      readonly name: string
      /** Secrets: on a tmpfs, never on a disk. */
      readonly secret: boolean
      readonly files: readonly VolumeFile[]
      /** Another one for other files, modes or groups; by a keyed hash, so that it tells nothing of what is in them. */
      readonly version: string
    }
  /** The folder of a claim on this node, made when there is none yet. It outlives the pod. */
  | {
      readonly kind: 'claim'
      readonly name: string
      readonly namespace: string
      readonly claim: string
      /** The claim beside it whose files it begins with, when its folder is made. */
      readonly copyOf?: string
    }
  /** A folder of this node that somebody else has made. */
  | { readonly kind: 'local'; readonly name: string; readonly path: string }
  /** A disk of this node, as it is. */
  | { readonly kind: 'block'; readonly name: string; readonly path: string }
  | {
      readonly kind: 'nfs'
      readonly name: string
      readonly server: string
      readonly path: string
      readonly readOnly: boolean
      /** As mount(8) takes them. */
      readonly options: readonly string[]
    }
  /** What a CSI driver on the node mounts for this pod alone. */
  | {
      readonly kind: 'csi'
      readonly name: string
      readonly driver: string
      /** Empty: the driver's own choice. */
      readonly fsType: string
      readonly readOnly: boolean
      readonly attributes: Readonly<Record<string, string>>
      /** For the driver: nobody else is told. */
      readonly secrets: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'image'
      readonly name: string
      readonly pull: PullImageRequest
      /** Its id, from the pull that comes before; empty until then. */
      readonly image: string
    }

export type FilesVolume = Extract<VolumeRequest, { readonly kind: 'files' }>

export interface VolumeFile {
  /** Relative to the volume, without `..`. */
  readonly path: string
  /** Permission bits, such as 0o644. */
  readonly mode: number
  readonly content: Uint8Array
  /** Its content is this, signed, once the request is carried out. */
  readonly token?: TokenClaims
  /** Its content is made, or added to, once the request is carried out. */
  readonly issued?: IssuedContent
}

export type HostPathType =
  | ''
  | 'DirectoryOrCreate'
  | 'Directory'
  | 'FileOrCreate'
  | 'File'
  | 'Socket'
  | 'CharDevice'
  | 'BlockDevice'

/** Volumes of a pod whose files are to be these from now on, all files of a volume at once. */
export interface UpdateVolumesRequest {
  readonly uid: PodUid
  readonly volumes: readonly FilesVolume[]
  readonly fsGroup?: number
}

/** A file in a volume of the pod, for a container's environment. */
export interface ReadVolumeFileRequest {
  readonly uid: PodUid
  readonly volume: string
  readonly path: string
}

/** The data of a claim, which is to go. */
export interface DeleteClaimRequest {
  readonly namespace: string
  readonly claim: string
  /** When it was deleted: the trash is emptied by this. */
  readonly at: Timestamp
}
