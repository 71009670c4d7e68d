import { toolRuntime } from '../dockerLike/runtime.ts'
import type { OciRuntimeOptions } from '../oci/ociNode.ts'
import type { Runtime } from '../runtime.ts'
import { dockerNode } from './node.ts'

export async function createDockerRuntime(options: OciRuntimeOptions): Promise<Runtime> {
  return toolRuntime(await dockerNode(options), options.node)
}
