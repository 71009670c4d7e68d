import type { NodeInfo } from '../../engine/api/cri.ts'
import type { NodeName } from '../../engine/api/names.ts'

/** What a machine says of itself, where a test is about none of it. */
export function nodeInfo(node: NodeName): NodeInfo {
  return {
    node,
    runtime: 'runc',
    bootId: 'b',
    addresses: [],
    cpuMillis: 1000,
    memoryBytes: 2 ** 30,
    podsMax: 100,
    warnings: [],
  }
}
