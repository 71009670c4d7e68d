import { hostname } from 'node:os'
import { type IpRange, ipRanges, overlap } from '../../api/ipRanges.ts'
import { type NodeName, nodeName } from '../../api/names.ts'
import { nodeRange } from '../../api/nodeRanges.ts'
import type { FleetNode, RootRecord } from '../../api/records.ts'
import { otherRuntime, runtimeOf } from '../../api/runtimeLimits.ts'
import type { Desired } from '../../api/snapshot.ts'
import { UserError } from '../userError.ts'

/** A machine and the way to it: `local` is the one that the engine runs on. */
export interface Reached extends Pick<FleetNode, 'name' | 'address' | 'runtime'> {
  /** The commit does not have it any more, and it may have pods. */
  readonly leaves?: true
}

export const LOCAL = 'local'

export function isLocal({ address }: Pick<FleetNode, 'address'>): boolean {
  return address === LOCAL
}

/**
 * The commit's nodes, and those that it does not have any more and that may have pods; where nobody has a commit at hand, those that were used
 * last. Empty: the pods are on this machine alone.
 */
export function fleetNodes(
  record: RootRecord | undefined,
  desired: Pick<Desired, 'nodes'> | undefined,
): readonly Reached[] {
  const before = record === undefined ? [] : usedNodes(record)
  const wanted = desired === undefined ? before : nodesIn(desired, record)
  const gone = before.filter(({ address }) => !wanted.some((node) => node.address === address))
  const all = [...wanted, ...gone.map((node): Reached => ({ ...node, leaves: true }))]
  return all.every(isLocal) ? [] : all
}

/** Whether any other machine has to do with it. */
export function mayBeFleet(record: RootRecord | undefined, desired: Pick<Desired, 'nodes'>): boolean {
  return fleetNodes(record, desired).length > 0
}

/** A root that never had a fleet has pods of this machine. */
export function usedNodes({ head, nodes, podCIDR, runtime }: RootRecord): readonly FleetNode[] {
  return nodes ?? [{ name: head ?? ownName(), address: LOCAL, podCIDR, ...otherRuntime(runtime) }]
}

/** A commit without any node means this machine. */
export function nodesIn(
  { nodes }: Pick<Desired, 'nodes'>,
  record: RootRecord | undefined,
): readonly Reached[] {
  if (nodes.length === 0)
    return [{ name: record?.head ?? ownName(), address: LOCAL, ...otherRuntime(record?.runtime) }]
  return nodes.map((node) => {
    const address = node.spec?.address ?? LOCAL
    return { name: nodeName(node.metadata.name), address, ...otherRuntime(runtimeOf(node)) }
  })
}

export function ownName(): NodeName {
  return nodeName(hostname().toLowerCase())
}

/** Rejects what machines cannot do yet: nothing of it would be as it is written. */
export function assertFleet(
  record: RootRecord | undefined,
  desired: Pick<Desired, 'nodes'> | undefined,
): void {
  if (desired === undefined) return
  const wanted = nodesIn(desired, record)
  assertNoTwins(wanted)
  const used = record === undefined ? [] : usedNodes(record)
  assertSameMachines(wanted, used)
  assertRuntimes(wanted, used)
}

/** Whose pods are whose is told by the nodes' names. This machine alone may be called otherwise, while it has no company. */
function assertSameMachines(wanted: readonly Reached[], used: readonly FleetNode[]): void {
  for (const { address, name } of wanted) {
    const namesake = used.find((node) => node.name === name)
    if (namesake !== undefined && namesake.address !== address)
      throw new UserError(
        `node ${name} is ${address} now and was ${namesake.address}, where its pods are: give the other machine another name, or take the node out of the repository until it has left the fleet`,
      )
    const same =
      used.length === 1 && address === LOCAL ? undefined : used.find((node) => node.address === address)
    if (same !== undefined && same.name !== name)
      throw new UserError(
        `node ${name} is ${address}, which was node ${same.name}: keep that name, or take the node out of the repository until it has left the fleet`,
      )
  }
}

/** What was made on a machine is one runtime's, from the first pod to the last. */
function assertRuntimes(wanted: readonly Reached[], used: readonly FleetNode[]): void {
  for (const { address, name, runtime = 'oci' } of wanted) {
    const before = used.find((node) => node.address === address)
    if (before === undefined || (before.runtime ?? 'oci') === runtime) continue
    const where = address === LOCAL ? 'this machine' : 'it'
    const advice =
      address === LOCAL ? 'or name another --root' : "or give the machine's new node another name and address"
    throw new UserError(
      `node ${name} asks for the runtime ${runtime}, and what was made on ${where} is ${before.runtime ?? 'oci'}'s: run reconcile down first, ${advice}`,
    )
  }
}

/** The pods of a machine would be those of two nodes. */
function assertNoTwins(fleet: readonly Reached[]): void {
  for (const [index, { address, name }] of fleet.entries()) {
    const twin = fleet.slice(0, index).find((before) => before.address === address)
    if (twin === undefined) continue
    const machine = address === LOCAL ? 'this machine' : address
    throw new UserError(`nodes ${twin.name} and ${name} are both ${machine}: keep one of them`)
  }
}

export interface RangesAsked {
  readonly before: readonly FleetNode[]
  readonly podCIDR: string
  /** The least part that has all addresses of this machine's pods. */
  readonly local?: string
}

/** Each node keeps the part of each family that it has; who has none gets the first that is free. */
export function withRanges(
  fleet: readonly Reached[],
  { before, local = '', podCIDR }: RangesAsked,
): readonly FleetNode[] {
  const whole = ipRanges(podCIDR)
  // Of another podCIDR nobody keeps anything.
  const kept = new Map(before.map((node) => [node.name, ipRanges(node.podCIDR).filter(isIn(whole))]))
  const taken = [...kept.values()].flat()
  const here = fleet.find(isLocal)
  if (here !== undefined) {
    const had = kept.get(here.name) ?? []
    const own = ipRanges(local).filter(
      (part) => had.every(({ family }) => family !== part.family) && isFree(part, taken),
    )
    kept.set(here.name, [...had, ...own])
    taken.push(...own)
  }
  return fleet.map((each) => {
    const { leaves: _, ...node } = each
    const had = kept.get(node.name) ?? []
    const parts = whole.map(
      (range) => had.find(({ family }) => family === range.family) ?? newPart(range, taken, { node, fleet }),
    )
    return { ...node, podCIDR: parts.map(({ text }) => text).join(',') }
  })
}

function isIn(whole: readonly IpRange[]): (part: IpRange) => boolean {
  return (part) => whole.some((range) => overlap(range, part) && part.prefix >= range.prefix)
}

function isFree(part: IpRange, taken: readonly IpRange[]): boolean {
  return !taken.some((other) => overlap(part, other))
}

/** Taken from then on. */
function newPart(
  range: IpRange,
  taken: IpRange[],
  { fleet, node }: { readonly node: Reached; readonly fleet: readonly Reached[] },
): IpRange {
  for (let place = 0; ; place += 1) {
    const text = nodeRange(range, place)
    if (text === undefined) break
    const [part] = ipRanges(text)
    if (part === undefined || !isFree(part, taken)) continue
    taken.push(part)
    return part
  }
  const larger = range.family === 'IPv4' ? '/16' : '/56'
  throw new UserError(
    `node ${node.name}: ${range.text} is too small for ${fleet.length} nodes; set a larger podCIDR in the Cluster, such as a ${larger}`,
  )
}
