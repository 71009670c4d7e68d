import type { NodeRuntime } from '../api/runtimeLimits.ts'
import type { OciRuntimeOptions } from '../runtimes/oci/ociNode.ts'
import { createOciRuntime } from '../runtimes/oci/runtime.ts'
import type { Runtime } from '../runtimes/runtime.ts'

export const CREATE_RUNTIME = {
  oci: createOciRuntime,
  podman: async (options: OciRuntimeOptions) =>
    // Loaded where it is asked for: hardly ever.
    await (await import('../runtimes/podman/runtime.ts')).createPodmanRuntime(options),
  docker: async (options: OciRuntimeOptions) =>
    await (await import('../runtimes/docker/runtime.ts')).createDockerRuntime(options),
} as const satisfies Readonly<Record<NodeRuntime, (options: OciRuntimeOptions) => Promise<Runtime>>>
