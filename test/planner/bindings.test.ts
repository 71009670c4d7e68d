import { expect, test } from 'vitest'
import type { Node } from '../../engine/api/generated/types.ts'
import { bindingOf } from '../../engine/api/bindings.ts'
import { barePod, deployment, Scene } from './scene.ts'

function node(name: string, address?: string): Node {
  return {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Node',
    metadata: { name },
    spec: address === undefined ? {} : { address },
  }
}

const FLEET = [node('node-0', 'ssh://a'), node('node-1', 'ssh://b'), node('node-2', 'ssh://c')]

function fleet(...nodes: readonly Node[]): Scene {
  return new Scene(3).nodes(...(nodes.length === 0 ? FLEET : nodes)).commit(deployment('web', 'a'))
}

function bindings(scene: Scene): readonly string[] {
  const all = [...scene.snapshot().records.values()].flatMap((record) => bindingOf(record) ?? [])
  return all.map(({ node: name, uid }) => `${uid} ${name}`).toSorted()
}

function pods(scene: Scene): readonly string[] {
  return scene.world.pods.map(({ record }) => `${record.pod.metadata.uid ?? ''} ${record.node}`).toSorted()
}

test('where a pod of a fleet is to be is on record before it is made, and no longer than it is there', () => {
  const scene = fleet()
  const [first] = scene.plan().actions.filter(({ kind }) => kind === 'createPod')
  const kinds = scene.plan().actions.map(({ kind }) => kind)
  expect(kinds.lastIndexOf('writeRecord')).toBeLessThan(kinds.indexOf('createPod'))
  expect(first).toBeDefined()
  scene.run()
  expect(pods(scene)).not.toEqual([])
  expect(bindings(scene)).toEqual(pods(scene))
  scene.commit(barePod('alone', 'a')).run()
  expect(bindings(scene)).toEqual(pods(scene))
})

test('what one machine has alone is on its own disk, and is adopted when others join it', () => {
  const scene = fleet(node('node-0'), node('node-1'), node('node-2'))
  scene.run()
  expect(bindings(scene)).toEqual([])
  scene.nodes(...FLEET).run()
  expect(bindings(scene)).toEqual(pods(scene))
  scene.nodes(node('node-0'), node('node-1'), node('node-2')).run()
  expect(bindings(scene)).toEqual([])
})

test('a pod bound to a node that was never read is unknown, and not made a second time', () => {
  const scene = fleet()
  scene.run()
  scene.unread('node-0')
  const plan = scene.plan()
  const lost = pods(scene).filter((pod) => pod.endsWith('node-0')).length
  expect(lost).toBeGreaterThan(0)
  expect(plan.verdicts.filter(({ bucket }) => bucket === 'unknown')).toHaveLength(lost)
  expect(plan.actions.filter(({ kind }) => kind === 'createPod')).toEqual([])
  expect(bindings(scene)).toEqual(pods(scene))
})

test('a node that was never read and has no pods bound to it keeps nothing from being made elsewhere', () => {
  const scene = fleet().commit()
  scene.run()
  scene.unread('node-0')
  scene.commit(deployment('web', 'a')).run()
  expect(pods(scene)).not.toEqual([])
  expect(pods(scene).filter((pod) => pod.endsWith('node-0'))).toEqual([])
})

test('a head that reaches fewer than half of the nodes makes nothing, and says why', () => {
  const scene = fleet().commit()
  scene.run()
  scene.unread('node-0')
  scene.unread('node-1')
  const plan = scene.commit(barePod('alone', 'a')).plan()
  expect(plan.actions.filter(({ kind }) => kind === 'createPod')).toEqual([])
  expect(plan.verdicts.map(({ bucket, reason }) => `${bucket}: ${reason}`)).toEqual([
    'wait: only 1 of 3 nodes answer: another head may drive the others, so nothing is made until 2 do',
  ])
})
