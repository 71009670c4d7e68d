import { expect, test } from 'vitest'
import type { Node } from '../../../engine/api/generated/types.ts'
import { nodeName } from '../../../engine/api/names.ts'
import { RECORD_VERSION, type RootRecord } from '../../../engine/api/records.ts'
import { assertFleet, fleetNodes, withRanges } from '../../../engine/cli/fleet/nodes.ts'

function node(name: string, spec: Node['spec']): Node {
  return { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name }, ...(spec && { spec }) }
}

const ONE = node('one', { address: 'ssh://one' })
const TWO = node('two', { address: 'ssh://two' })
const HERE = node('here', {})

function recordWith(nodes: RootRecord['nodes']): RootRecord {
  return {
    recordVersion: RECORD_VERSION,
    rootId: '12345678',
    owner: { cluster: 'default', path: '', repository: '/srv/cluster' },
    podCIDR: '10.244.0.0/16',
    ...(nodes && { nodes }),
  }
}

test('the nodes are those of the commit, or without one those that were used last', () => {
  expect(fleetNodes(undefined, { nodes: [ONE, TWO] })).toEqual([
    { name: 'one', address: 'ssh://one' },
    { name: 'two', address: 'ssh://two' },
  ])
  expect(fleetNodes(undefined, { nodes: [HERE] })).toEqual([])
  const used = [{ name: nodeName('old'), address: 'ssh://old', podCIDR: '10.244.0.0/24' }]
  expect(fleetNodes(recordWith(used), undefined)).toEqual(used)
  expect(fleetNodes(recordWith(undefined), undefined)).toEqual([])
})

test('what other machines cannot do yet is refused, and says what it is', () => {
  expect(() => assertFleet(undefined, { nodes: [ONE, TWO] })).not.toThrow()
  expect(() => assertFleet(undefined, { nodes: [ONE, HERE] })).toThrow(
    'node here is this machine and node one is another one',
  )
  expect(() => assertFleet(undefined, { nodes: [ONE, node('again', { address: 'ssh://one' })] })).toThrow(
    'nodes one and again are both ssh://one: keep one of them',
  )
  const docker = node('two', { address: 'ssh://two', runtime: 'docker' })
  expect(() => assertFleet(undefined, { nodes: [ONE, docker] })).toThrow(
    'node two asks for the runtime docker, and only oci and podman can be used yet',
  )
})

test('a node keeps the runtime that its first pods were made with', () => {
  const podman = node('two', { address: 'ssh://two', runtime: 'podman' })
  expect(() => assertFleet(undefined, { nodes: [ONE, podman] })).not.toThrow()
  const [one, two] = withRanges(fleetNodes(undefined, { nodes: [ONE, podman] }), [], '10.244.0.0/16')
  expect([one?.runtime, two?.runtime]).toEqual([undefined, 'podman'])
  const record = recordWith([one, two].filter((used) => used !== undefined))
  expect(() => assertFleet(record, { nodes: [ONE, podman] })).not.toThrow()
  expect(() => assertFleet(record, { nodes: [ONE, TWO] })).toThrow(
    "node two asks for the runtime oci, and what was made on it is podman's",
  )
})

test('a node that was used does not leave unnoticed, nor with another address', () => {
  const record = recordWith([{ name: nodeName('one'), address: 'ssh://one', podCIDR: '10.244.0.0/24' }])
  expect(() => assertFleet(record, { nodes: [ONE, TWO] })).not.toThrow()
  expect(() => assertFleet(record, { nodes: [TWO] })).toThrow('node one (ssh://one) has pods')
  expect(() => assertFleet(record, { nodes: [] })).toThrow('run reconcile down first')
  const moved = node('one', { address: 'ssh://elsewhere' })
  expect(() => assertFleet(record, { nodes: [moved] })).toThrow('node one (ssh://one) has pods')
})

test('each node keeps its range, and a new one gets the first that nobody has', () => {
  const reached = (name: string) => ({ name: nodeName(name), address: `ssh://${name}` })
  const [one, two, three] = [reached('one'), reached('two'), reached('three')]
  const first = withRanges([one, two], [], '10.244.0.0/16')
  expect(first.map(({ podCIDR }) => podCIDR)).toEqual(['10.244.0.0/24', '10.244.1.0/24'])
  const later = withRanges([three, two], first.slice(1), '10.244.0.0/16')
  expect(later.map(({ podCIDR }) => podCIDR)).toEqual(['10.244.0.0/24', '10.244.1.0/24'])
  expect(() => withRanges([one, two], [], '10.244.0.0/24')).toThrow('is too small for 2 nodes')
})
