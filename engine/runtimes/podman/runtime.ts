import { toolRuntime } from '../dockerLike/runtime.ts'
import type { OciRuntimeOptions } from '../oci/ociNode.ts'
import type { Runtime } from '../runtime.ts'
import { withForwards } from './forwards.ts'
import { podmanNode } from './node.ts'

export async function createPodmanRuntime(options: OciRuntimeOptions): Promise<Runtime> {
  const node = await podmanNode(options)
  return withForwards(toolRuntime(node, options.node), node)
}
