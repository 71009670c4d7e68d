import type { Transport } from '../../../transport/transport.ts'
import { runOrFail } from '../commands.ts'
import type { MountEntry } from '../node/mountTable.ts'
import { fileSystemOf, mountedBelow, readMountTable } from '../node/mountTable.ts'
import { unmountCommand } from '../pods/sandbox.ts'
import type { Mapped } from '../pods/users.ts'
import { mapIdsCommand } from '../pods/users.ts'

export interface Mapping {
  readonly transport: Transport
  readonly idMapper: string
  readonly userPin: string
  /** The container's own, for what is mapped. */
  readonly directory: string
}

/**
 * Shows files to a pod whose users are its own: on the disk they belong to the users that the image and the volumes know, in the mount to those
 * of the same numbers in the pod. Resolves to the places, in the order of the sources. What an earlier attempt had is unmounted.
 */
export async function mapIds(
  mapping: Mapping,
  sources: readonly string[],
  signal?: AbortSignal,
): Promise<readonly MappedPlace[]> {
  const { directory, idMapper, transport, userPin } = mapping
  const failing = { reason: 'CreateContainerError', doing: "showing files to the pod's own users" }
  const table = await readMountTable(transport)
  const mounted = mountedBelow(table, directory)
  if (mounted.length > 0) await runOrFail(transport, unmountCommand(mounted), failing, signal)
  const kinds = await Promise.all(sources.map(async (source) => (await transport.stat(source))?.kind))
  const mounts = sources.map((source, index): Mapped => ({ source, target: `${directory}/${index}` }))
  await transport.writeTree(directory, [
    { path: '', mode: 0o700, what: { kind: 'directory' } },
    ...kinds.map((kind, index) => ({
      path: String(index),
      mode: 0o700,
      what: kind === 'directory' ? ({ kind } as const) : ({ kind: 'file', content: '' } as const),
    })),
  ])
  if (mounts.length > 0) await runOrFail(transport, mapIdsCommand(idMapper, userPin, mounts), failing, signal)
  return mounts.map(({ source, target }) => ({ path: target, locked: lockedFlags(table, source) }))
}

export interface MappedPlace {
  readonly path: string
  /** Options that nobody in the pod may leave out when it mounts this again, read-only for one. */
  readonly locked: readonly string[]
}

const LOCKED = new Set(['nosuid', 'nodev', 'noexec'])

function lockedFlags(table: readonly MountEntry[], source: string): readonly string[] {
  return (fileSystemOf(table, source)?.flags ?? []).filter((flag) => LOCKED.has(flag))
}
