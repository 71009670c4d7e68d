import { type NodeName, nodeName } from '../../api/names.ts'
import { nodeRange } from '../../api/nodeRanges.ts'
import type { FleetNode, RootRecord } from '../../api/records.ts'
import { otherRuntime, runtimeOf } from '../../api/runtimeLimits.ts'
import type { Desired } from '../../api/snapshot.ts'
import { UserError } from '../userError.ts'

/** A machine and the way to it. */
export type Reached = Pick<FleetNode, 'name' | 'address' | 'runtime'>

/** The commit's, or, where nobody has a commit at hand, those that were used last. Empty: the pods are on this machine. */
export function fleetNodes(
  record: RootRecord | undefined,
  desired: Pick<Desired, 'nodes'> | undefined,
): readonly Reached[] {
  if (desired === undefined) return record?.nodes ?? []
  return desired.nodes.flatMap((node) => {
    const address = node.spec?.address ?? 'local'
    if (address === 'local') return []
    return [{ name: nodeName(node.metadata.name), address, ...otherRuntime(runtimeOf(node)) }]
  })
}

type Asked = Pick<Desired, 'nodes'> & Partial<Pick<Desired, 'objects'>>

/** Rejects what other machines cannot do yet: nothing of it would be as it is written. */
export function assertFleet(record: RootRecord | undefined, desired: Asked | undefined): void {
  if (desired === undefined) return
  const fleet = fleetNodes(undefined, desired)
  assertNobodyLeaves(record, fleet)
  const [first] = fleet
  if (first === undefined) return
  const here = desired.nodes.find(({ spec }) => (spec?.address ?? 'local') === 'local')
  if (here !== undefined) {
    throw new UserError(
      `node ${here.metadata.name} is this machine and node ${first.name} is another one, and pods cannot be on both yet: keep the ones or the other`,
    )
  }
  assertNoTwins(fleet)
  assertRuntimes(record, desired.nodes)
  const leading = [...(desired.objects?.values() ?? [])].find(({ object }) => LEADING.has(object.kind))
  if (fleet.length > 1 && leading !== undefined) {
    const { kind, metadata } = leading.object
    throw new UserError(
      `${kind} ${metadata.name} would lead to pods of one of the ${fleet.length} nodes only: there is no network between nodes yet`,
    )
  }
}

const LEADING: ReadonlySet<string> = new Set(['Service', 'Ingress'])

function assertNobodyLeaves(record: RootRecord | undefined, fleet: readonly Reached[]): void {
  const gone = record?.nodes?.find(
    (before) => !fleet.some(({ address, name }) => name === before.name && address === before.address),
  )
  if (gone === undefined) return
  throw new UserError(
    `node ${gone.name} (${gone.address}) has pods, and the repository does not have it any more: run reconcile down first, which ends them, or keep it`,
  )
}

/** What was made on a machine is one runtime's, from the first pod to the last. */
function assertRuntimes(record: RootRecord | undefined, nodes: Desired['nodes']): void {
  for (const node of nodes) {
    const { name } = node.metadata
    if (node.spec?.runtime === 'docker')
      throw new UserError(`node ${name} asks for the runtime docker, and only oci and podman can be used yet`)
    const before = record?.nodes?.find((one) => one.name === name)
    const used = before?.runtime ?? 'oci'
    const asked = runtimeOf(node)
    if (before === undefined || used === asked) continue
    throw new UserError(
      `node ${name} asks for the runtime ${asked}, and what was made on it is ${used}'s: run reconcile down first, or give the machine's new node another name and address`,
    )
  }
}

/** The pods of a machine would be those of two nodes. */
function assertNoTwins(fleet: readonly Reached[]): void {
  for (const [index, { address, name }] of fleet.entries()) {
    const twin = fleet.slice(0, index).find((before) => before.address === address)
    if (twin === undefined) continue
    throw new UserError(`nodes ${twin.name} and ${name} are both ${address}: keep one of them`)
  }
}

/** Each node keeps the range that it has; a new one gets the first that is free. */
export function withRanges(
  fleet: readonly Reached[],
  before: readonly FleetNode[],
  podCIDR: string,
): readonly FleetNode[] {
  const ranges = new Map<NodeName, string>(before.map((node) => [node.name, node.podCIDR]))
  const taken = new Set(ranges.values())
  return fleet.map((node) => {
    const own = ranges.get(node.name) ?? firstFree(podCIDR, taken)
    if (own === undefined) {
      throw new UserError(
        `node ${node.name}: ${podCIDR} is too small for ${fleet.length} nodes; set a larger podCIDR in the Cluster, such as a /16`,
      )
    }
    taken.add(own)
    return { ...node, podCIDR: own }
  })
}

function firstFree(podCIDR: string, taken: ReadonlySet<string>): string | undefined {
  for (let place = 0; ; place += 1) {
    const range = nodeRange(podCIDR, place)
    if (range === undefined || !taken.has(range)) return range
  }
}
