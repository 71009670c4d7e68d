import { expect, test } from 'vitest'
import type { Node } from '../../../engine/api/generated/types.ts'
import { nodeName } from '../../../engine/api/names.ts'
import { firstRangeWith } from '../../../engine/api/nodeRanges.ts'
import { type FleetNode, RECORD_VERSION, type RootRecord } from '../../../engine/api/records.ts'
import { assertFleet, fleetNodes, ownName, withRanges } from '../../../engine/cli/fleet/nodes.ts'
import { withRoot } from '../../../engine/cli/withRoot.ts'
import { emptyDesired } from '../../../engine/cli/station.ts'

function node(name: string, spec: Node['spec']): Node {
  return { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name }, ...(spec && { spec }) }
}

const ONE = node('one', { address: 'ssh://one' })
const TWO = node('two', { address: 'ssh://two' })
const HERE = node('here', {})

function used(name: string, address: string, podCIDR = '10.244.0.0/24'): FleetNode {
  return { name: nodeName(name), address, podCIDR }
}

function recordWith(nodes: RootRecord['nodes']): RootRecord {
  return {
    recordVersion: RECORD_VERSION,
    rootId: '12345678',
    owner: { cluster: 'default', path: '', repository: '/srv/cluster' },
    podCIDR: '10.244.0.0/16',
    ...(nodes && { nodes }),
  }
}

function addresses(record: RootRecord | undefined, nodes: readonly Node[] | undefined): readonly string[] {
  const fleet = fleetNodes(record, nodes && { nodes })
  return fleet.map(({ address, leaves, name }) => `${name} ${address}${leaves === true ? ' leaves' : ''}`)
}

test('the nodes are those of the commit, this machine among them or not, or without a commit those that were used last', () => {
  expect(addresses(undefined, [ONE, TWO])).toEqual(['one ssh://one', 'two ssh://two'])
  expect(addresses(undefined, [HERE, TWO])).toEqual(['here local', 'two ssh://two'])
  expect(addresses(undefined, [HERE])).toEqual([])
  expect(addresses(recordWith([used('old', 'ssh://old')]), undefined)).toEqual(['old ssh://old'])
  expect(addresses(recordWith(undefined), undefined)).toEqual([])
})

test('a node that has left the commit stays until its pods are elsewhere, this machine as well', () => {
  const record = recordWith([used('one', 'ssh://one')])
  expect(addresses(record, [TWO])).toEqual(['two ssh://two', 'one ssh://one leaves'])
  expect(addresses(record, [])).toEqual([`${ownName()} local`, 'one ssh://one leaves'])
  expect(addresses({ ...recordWith(undefined), head: nodeName('here') }, [ONE])).toEqual([
    'one ssh://one',
    'here local leaves',
  ])
  // The commit has no node, which means this one, and not the one that leaves.
  const desired = withRoot({ ...emptyDesired(undefined), nodes: [] }, record)
  expect(desired.nodes.map(({ metadata, spec }) => [metadata.name, spec?.address])).toEqual([
    [ownName(), undefined],
  ])
  expect(desired.formerNodes).toEqual(['one'])
})

test('what machines cannot do yet is refused, and says what it is', () => {
  expect(() => assertFleet(undefined, { nodes: [ONE, TWO] })).not.toThrow()
  expect(() => assertFleet(undefined, { nodes: [ONE, HERE] })).not.toThrow()
  expect(() => assertFleet(undefined, { nodes: [ONE, node('again', { address: 'ssh://one' })] })).toThrow(
    'nodes one and again are both ssh://one: keep one of them',
  )
  expect(() => assertFleet(undefined, { nodes: [HERE, node('again', {})] })).toThrow(
    'nodes here and again are both this machine: keep one of them',
  )
})

test('a node keeps the runtime that its first pods were made with', () => {
  const podman = node('two', { address: 'ssh://two', runtime: 'podman' })
  expect(() => assertFleet(undefined, { nodes: [ONE, podman] })).not.toThrow()
  const nodes = withRanges(fleetNodes(undefined, { nodes: [ONE, podman] }), {
    before: [],
    podCIDR: '10.244.0.0/16',
  })
  expect(nodes.map(({ runtime }) => runtime)).toEqual([undefined, 'podman'])
  const record = recordWith(nodes)
  expect(() => assertFleet(record, { nodes: [ONE, podman] })).not.toThrow()
  expect(() => assertFleet(record, { nodes: [ONE, TWO] })).toThrow(
    "node two asks for the runtime oci, and what was made on it is podman's",
  )
  const own = { ...recordWith(undefined), runtime: 'podman' as const }
  expect(() => assertFleet(own, { nodes: [HERE, TWO] })).toThrow(
    "node here asks for the runtime oci, and what was made on this machine is podman's: run reconcile down first, or name another --root",
  )
})

test('a node stays the machine that it is, and a machine the node', () => {
  const record = recordWith([used('one', 'ssh://one'), used('here', 'local', '10.244.1.0/24')])
  expect(() => assertFleet(record, { nodes: [ONE, TWO] })).not.toThrow()
  expect(() => assertFleet(record, { nodes: [node('one', { address: 'ssh://elsewhere' })] })).toThrow(
    'node one is ssh://elsewhere now and was ssh://one, where its pods are',
  )
  expect(() => assertFleet(record, { nodes: [node('uno', { address: 'ssh://one' })] })).toThrow(
    'node uno is ssh://one, which was node one: keep that name',
  )
  expect(() => assertFleet(record, { nodes: [ONE, node('there', {})] })).toThrow('which was node here')
  // What this machine is called counts for nothing while there is no other.
  expect(() => assertFleet(recordWith(undefined), { nodes: [HERE] })).not.toThrow()
})

test('each node keeps its range, and a new one gets the first that nobody has', () => {
  const reached = (name: string) => ({ name: nodeName(name), address: `ssh://${name}` })
  const [one, two, three] = [reached('one'), reached('two'), reached('three')]
  const podCIDR = '10.244.0.0/16'
  const ranges = (nodes: readonly FleetNode[]) => nodes.map((each) => each.podCIDR)
  const first = withRanges([one, two], { before: [], podCIDR })
  expect(ranges(first)).toEqual(['10.244.0.0/24', '10.244.1.0/24'])
  expect(ranges(withRanges([three, two], { before: first.slice(1), podCIDR }))).toEqual([
    '10.244.0.0/24',
    '10.244.1.0/24',
  ])
  expect(() => withRanges([one, two], { before: [], podCIDR: '10.244.0.0/24' })).toThrow(
    'is too small for 2 nodes',
  )
})

test('each node keeps its part of a range that stays, and gets one of a range that is new', () => {
  const fleet = ['one', 'two', 'three'].map((name) => ({ name: nodeName(name), address: `ssh://${name}` }))
  const before = [used('two', 'ssh://two', '10.244.0.0/24'), used('one', 'ssh://one', '10.244.3.0/24')]
  const ranges = (podCIDR: string) => withRanges(fleet, { before, podCIDR }).map((each) => each.podCIDR)
  expect(ranges('10.244.0.0/16,fd00:244::/56')).toEqual([
    '10.244.3.0/24,fd00:244::/64',
    '10.244.0.0/24,fd00:244:0:1::/64',
    '10.244.1.0/24,fd00:244:0:2::/64',
  ])
  expect(ranges('10.245.0.0/16')).toEqual(['10.245.0.0/24', '10.245.1.0/24', '10.245.2.0/24'])
  expect(() => ranges('10.244.0.0/16,fd00:244::/63')).toThrow(
    'node three: fd00:244::/63 is too small for 3 nodes; set a larger podCIDR in the Cluster, such as a /56',
  )
})

test('this machine, which comes to others, gets no part that one of them has', () => {
  const fleet = [
    { name: nodeName('one'), address: 'ssh://one' },
    { name: nodeName('here'), address: 'local' },
  ]
  const asked = { before: [used('one', 'ssh://one')], podCIDR: '10.244.0.0/16', local: '10.244.0.0/24' }
  expect(withRanges(fleet, asked).map(({ podCIDR }) => podCIDR)).toEqual(['10.244.0.0/24', '10.244.1.0/24'])
})

test('a machine that was alone keeps the part in which its pods have their addresses', () => {
  const part = firstRangeWith('10.244.0.0/16', ['10.244.0.7', '10.244.2.9', 'lock'])
  expect(part).toBe('10.244.0.0/22')
  const fleet = [
    { name: nodeName('one'), address: 'ssh://one' },
    { name: nodeName('here'), address: 'local' },
  ]
  const nodes = withRanges(fleet, { before: [], podCIDR: '10.244.0.0/16', local: part })
  expect(nodes.map(({ podCIDR }) => podCIDR)).toEqual(['10.244.4.0/24', '10.244.0.0/22'])
  expect(firstRangeWith('10.244.0.0/16', ['10.244.200.1'])).toBe('10.244.0.0/16')
  expect(firstRangeWith('10.244.0.0/16,fd00:244::/56', ['fd00:244::5'])).toBe('10.244.0.0/24,fd00:244::/64')
})
