import { type NodeName, nodeName } from '../../api/names.ts'
import { nodeKey, type NodeMemory, nodeMemory } from '../../api/nodeRecords.ts'
import type { Machine } from '../station.ts'
import { UserError } from '../userError.ts'
import type { World } from '../world.ts'

/** Throws a UserError, in kubectl's words, when there is no such node. */
export function nodeNamed(name: string, { runtimes }: Machine): NodeName {
  const asked = nodeName(name.replace(/^nodes?\//, ''))
  if (runtimes.has(asked)) return asked
  throw new UserError(`nodes "${asked}" not found; there is ${[...runtimes.keys()].join(', ')}`)
}

/** What is on record about it. */
export async function memoryOf(node: NodeName, { runtime }: Machine, { signal }: World): Promise<NodeMemory> {
  return nodeMemory((await runtime.readObjectRecords(signal)).get(nodeKey(node)))
}
