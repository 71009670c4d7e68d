import type { RootRecord } from './records.ts'

/** How far a copy of the object records goes. */
export interface FleetPosition {
  /** From 1; one more with each head that takes the fleet over from another one. */
  readonly epoch: number
  /** Records written and deleted so far, by all heads. */
  readonly writes: number
}

/** `fleet.json` under the root, on the head and on each node: what the object records beside it are. */
export interface FleetState extends FleetPosition {
  readonly recordVersion: number
  /** The head's own root.json, for the next head. */
  readonly root: RootRecord
  /** By path: what the records beside it may lack yet. Null: it is deleted. */
  readonly changes?: Readonly<Record<string, string | null>>
}

export function isNewer(one: FleetPosition, other: FleetPosition): boolean {
  return one.epoch === other.epoch ? one.writes > other.writes : one.epoch > other.epoch
}

/**
 * On how many nodes a record is before what it covers is done, and how many a head with all records reaches at least. Together with
 * `readersMin` more than all: whoever reads so many finds what was written on so many, and two heads never have both.
 */
export function writersMin(nodes: number): number {
  return Math.ceil(nodes / 2)
}

/** Of how many nodes a new head reads the records, to know them all. */
export function readersMin(nodes: number): number {
  return Math.floor(nodes / 2) + 1
}
