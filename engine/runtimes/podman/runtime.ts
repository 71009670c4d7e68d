import { toolRuntime } from '../dockerLike/runtime.ts'
import type { OciRuntimeOptions } from '../oci/ociNode.ts'
import type { Runtime } from '../runtime.ts'
import { podmanNode } from './node.ts'

export async function createPodmanRuntime(options: OciRuntimeOptions): Promise<Runtime> {
  return toolRuntime(await podmanNode(options), options.node)
}
