import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
} from 'yaml'
import type { Path } from './diagnostics.ts'

/** What aliases of one document may unfold to: a bomb stops here, and no honest manifest comes near. */
const ALIASED_NODES_MAX = 20_000
const DEPTH_MAX = 100

export interface ValueProblem {
  readonly path: Path
  /** Where in the text. */
  readonly offset: number
  readonly message: string
  readonly suggestion?: string
  /** The value lacks something for it, so that what else is found wrong with it may be wrong itself. */
  readonly lossy: boolean
}

export interface DocumentValue {
  /** Plain data without nulls in maps, which Kubernetes takes for absent. Undefined: an empty document. */
  readonly value: unknown
  readonly problems: readonly ValueProblem[]
}

interface Reading {
  readonly problems: ValueProblem[]
  readonly anchors: Map<string, Node>
  readonly unfolding: Set<string>
  aliasedNodes: number
  readonly path: (string | number)[]
}

/** A document's data in one walk: nulls dropped, merge keys and aliases unfolded, duplicate keys found. */
export function documentValue(document: Document.Parsed): DocumentValue {
  const reading: Reading = {
    problems: [],
    anchors: new Map(),
    unfolding: new Set(),
    aliasedNodes: 0,
    path: [],
  }
  const value = valueOf(document.contents, reading)
  return { value: value ?? undefined, problems: reading.problems }
}

function valueOf(node: unknown, reading: Reading): unknown {
  if (isScalar(node)) return scalarValue(node, reading)
  if (isAlias(node)) return aliasValue(node, node.source, reading)
  if (!isMap(node) && !isSeq(node)) return undefined
  if (node.anchor !== undefined) reading.anchors.set(node.anchor, node)
  if (reading.path.length >= DEPTH_MAX) {
    return problem(reading, node, `is nested deeper than ${DEPTH_MAX} levels`)
  }
  if (exhausted(reading, node)) return undefined
  if (isMap(node)) return mapValue(node.items, reading)
  return node.items.map((item, index) => {
    reading.path.push(index)
    const value = valueOf(item, reading)
    reading.path.pop()
    return value ?? null
  })
}

function scalarValue(node: Scalar, reading: Reading): unknown {
  if (node.anchor !== undefined) reading.anchors.set(node.anchor, node)
  if (exhausted(reading, node)) return undefined
  return node.value
}

function mapValue(pairs: readonly unknown[], reading: Reading): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  const merged: unknown[] = []
  let seen: Set<string> | undefined
  for (const pair of pairs) {
    if (!isPair(pair)) continue
    if (isMerge(pair)) {
      merged.push(pair.value)
      continue
    }
    const key = keyOf(pair, reading)
    if (key === undefined) continue
    // Nulls leave no trace in `value`, so they are remembered apart.
    if (Object.hasOwn(value, key) || seen?.has(key) === true) {
      const message = `the key ${key} is written twice`
      const place = { path: [...reading.path, key], offset: offsetOf(pair.key) }
      reading.problems.push({ ...place, message, suggestion: 'keep one of them', lossy: false })
    }
    reading.path.push(key)
    const member = valueOf(pair.value, reading)
    reading.path.pop()
    if (member === undefined || member === null) (seen ??= new Set()).add(key)
    else value[key] = member
  }
  for (const source of merged) merge(value, seen, source, reading)
  return value
}

function isMerge(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN'
}

/** `<<: *base` or `<<: [*a, *b]`: what is written wins, then the earlier one of the list. */
function merge(
  value: Record<string, unknown>,
  written: ReadonlySet<string> | undefined,
  node: unknown,
  reading: Reading,
): void {
  const source = valueOf(node, reading)
  // A broken alias has been reported.
  if (source === undefined) return
  for (const one of Array.isArray(source) ? source : [source]) {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) {
      problem(reading, node, 'the merge key << takes a map or a list of maps')
      continue
    }
    for (const [key, member] of Object.entries(one)) {
      if (!Object.hasOwn(value, key) && written?.has(key) !== true) value[key] = member
    }
  }
}

function keyOf(pair: Pair, reading: Reading): string | undefined {
  const node = isAlias(pair.key) ? reading.anchors.get(pair.key.source) : pair.key
  if (!isScalar(node)) return problem(reading, pair.key ?? pair.value, 'a key must be text')
  if (node.anchor !== undefined) reading.anchors.set(node.anchor, node)
  const { value } = node
  if (typeof value === 'string' && value !== '__proto__') return value
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean' && (node.source === 'true' || node.source === 'false')) return node.source
  if (typeof value === 'boolean') {
    const message = `Kubernetes reads the key ${node.source} as the boolean ${value}`
    return problem(reading, node, message, `put it in quotes: "${node.source}"`)
  }
  return problem(
    reading,
    node,
    value === '__proto__' ? 'the key __proto__ is not accepted' : 'a key must be text',
  )
}

function aliasValue(node: Node, name: string, reading: Reading): unknown {
  const target = reading.anchors.get(name)
  // Its name is not told: a password may begin with an asterisk.
  if (target === undefined)
    return problem(reading, node, 'there is no anchor before this alias', 'put it in quotes if it is text')
  if (reading.unfolding.has(name))
    return problem(reading, node, `the alias *${name} stands inside of what it names`)
  reading.unfolding.add(name)
  const value = valueOf(target, reading)
  reading.unfolding.delete(name)
  return value
}

function exhausted(reading: Reading, node: Node): boolean {
  if (reading.unfolding.size === 0) return false
  reading.aliasedNodes += 1
  if (reading.aliasedNodes === ALIASED_NODES_MAX) {
    const message = `the document's aliases unfold to more than ${ALIASED_NODES_MAX} values`
    problem(reading, node, message, 'write it with fewer aliases')
  }
  return reading.aliasedNodes >= ALIASED_NODES_MAX
}

function problem(reading: Reading, node: unknown, message: string, suggestion?: string): undefined {
  const offset = offsetOf(node)
  reading.problems.push({
    path: [...reading.path],
    offset,
    message,
    lossy: true,
    ...(suggestion !== undefined && { suggestion }),
  })
}

export function offsetOf(node: unknown): number {
  if (typeof node !== 'object' || node === null || !('range' in node)) return 0
  return Array.isArray(node.range) && typeof node.range[0] === 'number' ? node.range[0] : 0
}
