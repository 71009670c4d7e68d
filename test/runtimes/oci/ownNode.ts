import { afterAll, beforeAll, expect } from 'vitest'
import { machineTraces, NO_TRACES } from '../../support/machine.ts'
import { type Kind, TestNode } from './support.ts'

/** A node for the tests of the file or block that asks for it, of which nothing is left on the machine after them. */
export function ownNode(use: (node: TestNode) => unknown, kind: Kind = 'oci'): void {
  let node: TestNode | undefined

  beforeAll(async () => {
    node = await TestNode.create({}, kind)
    await use(node)
  })

  afterAll(async () => {
    if (node === undefined) return
    await node[Symbol.asyncDispose]()
    expect(machineTraces(node.root)).toEqual(NO_TRACES)
  })
}
