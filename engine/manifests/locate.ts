import { isAlias, isMap, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml'
import type { Path } from './diagnostics.ts'
import { offsetOf } from './values.ts'
import { type Documents, parseDocuments } from './yaml.ts'

interface Root {
  readonly contents: unknown
}

/** The offset of the value at `path`, or of its key; of what is nearest above when it is not there. */
export function offsetIn(document: Root, path: Path, atKey: boolean): number {
  let node = document.contents
  let offset = offsetOf(node)
  for (const [index, segment] of path.entries()) {
    const child = childOf(unfolded(document, node), segment)
    if (child === undefined) return offset
    node = child.value
    const last = index === path.length - 1
    offset = last && !atKey && node !== undefined ? offsetOf(node) : child.keyOffset
  }
  return offset
}

/** Finds places in a text that has been read before: it is parsed once more, the first time it is asked. */
export function createLocator(text: string): (document: number, path: Path) => number {
  let parsed: Documents | undefined
  return (document, path) => {
    parsed ??= parseDocuments(text)
    const root = parsed.kind === 'documents' ? parsed.documents[document] : undefined
    return root === undefined ? 0 : offsetIn(root, path, false)
  }
}

interface Child {
  readonly value: unknown
  readonly keyOffset: number
}

function childOf(node: unknown, segment: string | number): Child | undefined {
  if (isSeq(node) && typeof segment === 'number') {
    const value = node.items[segment]
    return value === undefined ? undefined : { value, keyOffset: offsetOf(value) }
  }
  if (!isMap(node)) return undefined
  const pair = pairOf(node, String(segment))
  return pair === undefined ? undefined : { value: pair.value ?? undefined, keyOffset: offsetOf(pair.key) }
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === name)
}

function unfolded(document: Root, node: unknown): unknown {
  return isAlias(node) ? anchorOf(document, node.source) : node
}

function anchorOf(document: Root, name: string): unknown {
  const stack: unknown[] = [document.contents]
  while (stack.length > 0) {
    const node = stack.pop()
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) continue
    if (node.anchor === name) return node
    if (isMap(node)) stack.push(...node.items.map((pair) => pair.value))
    if (isSeq(node)) stack.push(...node.items)
  }
  return undefined
}
