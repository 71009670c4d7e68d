import type { RootRecord } from '../../api/records.ts'
import { readFleetState } from '../../reconciler/mirrors/fleetFile.ts'
import { Mirrors } from '../../reconciler/mirrors/mirrors.ts'
import { readRoot } from '../../runtimes/oci/node/root.ts'
import { rootPaths } from '../../runtimes/oci/paths.ts'
import type { Runtime } from '../../runtimes/runtime.ts'
import type { Station } from '../station.ts'
import type { World } from '../world.ts'
import { waysOf } from './driving.ts'
import { isLocal } from './nodes.ts'
import { wayTo } from './ways.ts'

type Place = Pick<Station, 'root' | 'transport'>
export type RecordVerbs = Pick<Runtime, 'readObjectRecords' | 'writeObjectRecord' | 'deleteObjectRecord'>

/** The head's, with what is written on its way to all nodes as well. */
export function mirroredVerbs(
  { deleteObjectRecord, readObjectRecords, writeObjectRecord }: RecordVerbs,
  place: Place,
  world: World,
): RecordVerbs {
  return {
    readObjectRecords,
    writeObjectRecord: async (record, signal) => {
      const mirrors = await mirrorsOf(place, world)
      await (mirrors?.write(record) ?? writeObjectRecord(record, signal))
    },
    deleteObjectRecord: async (key, signal) => {
      const mirrors = await mirrorsOf(place, world)
      await (mirrors?.delete(key) ?? deleteObjectRecord(key, signal))
    },
  }
}

/**
 * A node's runtime that makes and removes a pod only when all that was written before would be found by the next head: who it is and where, so
 * that no head makes it a second time; and what it has come to, so that none runs it again.
 */
export function coveredRuntime(runtime: Runtime, world: World): Runtime {
  const covered = async (signal?: AbortSignal): Promise<void> => {
    const mirrors = await waysOf(world).mirrors
    await mirrors?.covered(signal)
  }
  return {
    ...runtime,
    createPod: async (request, signal) => {
      await covered(signal)
      await runtime.createPod(request, signal)
    },
    removePod: async (uid, signal) => {
      await covered(signal)
      await runtime.removePod(uid, signal)
    },
  }
}

/** Undefined: nobody's root yet, or this process does not drive it. */
async function mirrorsOf(place: Place, world: World): Promise<Mirrors | undefined> {
  const { holder, leaving, mirrors } = waysOf(world)
  if (leaving === true) return undefined
  if (mirrors !== undefined) return await mirrors
  const record = holder === undefined ? undefined : await readRoot(place.transport, place.root)
  return record?.nodes === undefined ? undefined : await mirrorTo(record, place, world)
}

/** Whose the fleet is and which nodes it has by now: on the nodes, too, as soon as they are reached. */
export async function mirrorTo(record: RootRecord, place: Place, world: World): Promise<Mirrors> {
  const all = waysOf(world)
  all.mirrors ??= open(record, place, world)
  const mirrors = await all.mirrors
  mirrors.setRoot(record)
  for (const node of record.nodes ?? []) {
    if (isLocal(node) || mirrors.knows(node.name)) continue
    // Also those of which nothing is asked otherwise.
    const met = meet(node, mirrors, place, world).finally(() => all.meeting.delete(met))
    all.meeting.add(met)
  }
  return mirrors
}

async function open(record: RootRecord, { root, transport }: Place, world: World): Promise<Mirrors> {
  const mirrors = await Mirrors.open(transport, await rootPaths(transport, root), record)
  const { superseded } = waysOf(world)
  const end = (): void => superseded.abort(mirrors.superseded.reason)
  mirrors.superseded.addEventListener('abort', end, { once: true })
  return mirrors
}

/** A node that does not answer is the loop's to tell of, and met when it is connected. */
async function meet(
  node: Parameters<typeof wayTo>[0],
  mirrors: Mirrors,
  { root, transport }: Place,
  world: World,
): Promise<void> {
  try {
    const way = await wayTo(node, root, world)
    const found = await readFleetState(way, await rootPaths(transport, root))
    mirrors.met(node.name, way, found)
  } catch {}
}
