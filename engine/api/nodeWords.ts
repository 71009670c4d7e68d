import type { NodeDrain } from './generated/types.ts'
import { type NodeName, nodeName, type ObjectKey, type Timestamp } from './names.ts'
import { type NodeFence, nodeKey, type NodeMemory, nodeMemory, nodeRecord } from './nodeRecords.ts'
import type { ObjectRecord } from './records.ts'

/** What somebody says of a node by command. */
export type NodeWord =
  | { readonly kind: 'cordon' | 'uncordon'; readonly node: NodeName }
  | { readonly kind: 'drain'; readonly node: NodeName; readonly options: NodeDrain }
  /** The drain is given up, and the node stays cordoned. */
  | { readonly kind: 'keepPods'; readonly node: NodeName }
  /** It is dead: nothing runs there any more, and what it had may be made elsewhere. */
  | ({ readonly kind: 'fence'; readonly node: NodeName } & Pick<NodeFence, 'by' | 'bootId'>)
  | { readonly kind: 'unfence'; readonly node: NodeName }

export interface Saying {
  readonly word: NodeWord
  readonly commit: string
  readonly at: Timestamp
}

/** The node's record once this is said, made from those that there are. */
export function recordOfWord(
  { at, commit, word }: Saying,
  records: ReadonlyMap<ObjectKey, ObjectRecord>,
): ObjectRecord {
  const before = records.get(nodeKey(word.node))
  return nodeRecord(word.node, memoryAfter(word, nodeMemory(before), at), commit, before)
}

function memoryAfter(word: NodeWord, memory: NodeMemory, at: Timestamp): NodeMemory {
  const { drain: _drain, unschedulable: _unschedulable, ...rest } = memory
  switch (word.kind) {
    case 'cordon':
      return { ...memory, unschedulable: true }
    case 'uncordon':
      return rest
    case 'drain':
      return { ...rest, unschedulable: true, drain: { ...word.options, startedAt: at } }
    case 'keepPods':
      return { ...rest, unschedulable: true }
    case 'fence':
      return fencedMemory(memory, word, at)
    case 'unfence': {
      const { fenced: _fenced, ...others } = memory
      return others
    }
    default:
      return word satisfies never
  }
}

/** What was given up stays so, whatever is said later: it may be elsewhere by then. */
function fencedMemory(
  memory: NodeMemory,
  { bootId = memory.loss?.bootId, by }: Pick<NodeFence, 'by' | 'bootId'>,
  at: Timestamp,
): NodeMemory {
  if (memory.fenced !== undefined) return memory
  return { ...memory, fenced: { at, by, ...(bootId !== undefined && { bootId }) }, givenUp: at }
}

/** Undefined: it is no such word. */
export function parseNodeWord(value: unknown): NodeWord | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('node' in value))
    return undefined
  const { kind } = value
  if (typeof value.node !== 'string' || value.node === '') return undefined
  const node = nodeName(value.node)
  if (kind === 'cordon' || kind === 'uncordon' || kind === 'keepPods' || kind === 'unfence')
    return { kind, node }
  if (kind === 'fence')
    return { kind, node, by: 'by' in value && value.by === 'command' ? 'command' : 'person' }
  return kind === 'drain'
    ? { kind, node, options: parseOptions('options' in value ? value.options : {}) }
    : undefined
}

function parseOptions(value: unknown): NodeDrain {
  const given = new Map(Object.entries(Object(value)))
  const flag = (name: string): boolean => given.get(name) === true
  const seconds = given.get('gracePeriodSeconds')
  return {
    ...(flag('deleteEmptyDirData') && { deleteEmptyDirData: true }),
    ...(flag('disableEviction') && { disableEviction: true }),
    ...(flag('force') && { force: true }),
    ...(typeof seconds === 'number' && seconds >= 0 && { gracePeriodSeconds: Math.floor(seconds) }),
  }
}
