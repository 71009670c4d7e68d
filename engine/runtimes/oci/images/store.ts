import type { ImageInfo, PullImageRequest } from '../../../api/cri.ts'
import type { Transport } from '../../../transport/transport.ts'

/** What an image says about the process it is made for. Lists are empty where it says nothing. */
export interface ImageConfig {
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  /** As written, `NAME=value`. */
  readonly env: readonly string[]
  readonly workingDir: string
  /** `user`, `uid`, `user:group` ... as written; empty: root. */
  readonly user: string
  /** Such as `SIGQUIT`, or a number; empty: SIGTERM. */
  readonly stopSignal: string
  readonly volumes: readonly string[]
}

/** An image that is on the node, ready to be mounted. */
export interface LocalImage {
  /** The config's digest, `sha256:...`. */
  readonly id: string
  /** `registry/repository@sha256:...` */
  readonly reference: string
  /** Absolute paths of read-only overlay layers, bottom first; overlayfs' lowerdir wants them the other way round. */
  readonly layerDirs: readonly string[]
  readonly config: ImageConfig
}

export interface CollectedImages {
  readonly images: number
  readonly bytes: number
}

export interface ImageStore {
  /** Rejects with a RuntimeFailure. Calls for one image that are under way at once are one pull. */
  pull(request: PullImageRequest, signal?: AbortSignal): Promise<ImageInfo>
  /** By id; undefined when the image, or a layer of it, is not on the node. */
  resolve(id: string): Promise<LocalImage | undefined>
  /** Deletes what is not in `keep` (ids, or references as written in manifests). */
  collect(keep: readonly string[], signal?: AbortSignal): Promise<CollectedImages>
}

export interface ImageStoreOptions {
  readonly transport: Transport
  /** The cluster's folder on the node's disk: `images/` and `layers/` are made in it. */
  readonly root: string
  /** On a tmpfs, root's alone: generated registries.conf, and auth files while they are needed. */
  readonly runDir: string
  /** From the Cluster: registry host to URLs that are asked before it, `docker.io: [http://127.0.0.1:5000]`. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>
  /** For skopeo, beside PATH: HOME and XDG_RUNTIME_DIR (the usual auth files), proxies, SSL_CERT_FILE. */
  readonly environment?: Readonly<Record<string, string>>
  /** Images pulled at the same time; 4 when absent. */
  readonly pullsMax?: number
  /** For one image; half an hour when absent. */
  readonly pullTimeoutMs?: number
}

export function createImageStore(_options: ImageStoreOptions): ImageStore {
  throw new Error('not written yet')
}
