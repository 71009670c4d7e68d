/** What a runtime is asked for images, and what it answers; the rest of what it is asked stands in cri.ts. */

export interface PullImageRequest {
  /** As written in the manifest: `busybox:1.36`, `registry.example/app@sha256:...`. */
  readonly image: string
  readonly policy: 'Always' | 'IfNotPresent' | 'Never'
  /** Contents of the kubernetes.io/dockerconfigjson (or .dockercfg, normalised) secrets of the pod, tried in order. */
  readonly auths: readonly DockerConfig[]
}

export interface DockerConfig {
  readonly auths: Readonly<
    Record<string, { readonly auth?: string; readonly username?: string; readonly password?: string }>
  >
}

export interface ImageInfo {
  /** The config's digest, `sha256:...`. */
  readonly id: string
  /** `registry/repository@sha256:...`, for ContainerStatus.imageID. */
  readonly reference: string
}
