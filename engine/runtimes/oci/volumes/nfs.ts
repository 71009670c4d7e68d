import type { VolumeRequest } from '../../../api/volumeRequests.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runOrFail } from '../commands.ts'
import { locked } from '../hook/hookCommands.ts'
import { mountedBelow, readMountTable } from '../node/mountTable.ts'
import { findProgram } from '../node/programs.ts'
import type { PodPaths } from '../paths.ts'

type NfsVolume = Extract<VolumeRequest, { readonly kind: 'nfs' }>

/** mount.nfs itself tries for two minutes to reach a server. */
const MOUNT_TIMEOUT_MS = 150_000

/** Mounted for this pod alone, for as long as its sandbox is there. */
export async function mountNfs(
  transport: Transport,
  pod: PodPaths,
  volume: NfsVolume,
  mounted: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<string> {
  const path = `${pod.mounts}/${volume.name}`
  if (mounted.has(path)) return path
  if ((await findProgram(transport, 'mount.nfs')) === undefined) {
    const message = 'mount.nfs is missing on this node; on Debian: apt-get install nfs-common'
    throw new RuntimeFailure('FailedMount', message, { certain: true })
  }
  await transport.makeDirectory(path, 0o755)
  const doing = `mounting ${exportOf(volume)} on ${path}`
  const command = locked(pod.lock, nfsCommand(volume, path))
  await runOrFail(transport, command, { reason: 'FailedMount', doing }, signal)
  return path
}

/** The version is the node's own default, unless the options say another. */
export function nfsCommand(volume: Omit<NfsVolume, 'kind' | 'name'>, path: string): Command {
  const options = [...(volume.readOnly ? ['ro'] : []), ...volume.options]
  const given = options.length === 0 ? [] : ['-o', options.join(',')]
  return {
    argv: ['mount', '-t', 'nfs', ...given, exportOf(volume), path],
    timeoutMs: MOUNT_TIMEOUT_MS,
  }
}

/** `server:/path`; an IPv6 address stands in brackets. */
function exportOf({ path, server }: Pick<NfsVolume, 'path' | 'server'>): string {
  const host = server.includes(':') && !server.startsWith('[') ? `[${server}]` : server
  return `${host}:${path}`
}

/**
 * The places where a pod's file systems of other machines were mounted. They go as empty folders or not at all: a mount that comes late, by a
 * command of an engine that was killed, must not have its files deleted on the server.
 */
export async function removeMountPoints(
  transport: Transport,
  { mounts }: Pick<PodPaths, 'mounts'>,
  signal?: AbortSignal,
): Promise<void> {
  // Next to no pod has any: the table of mounts is long, and the kernel takes its time to tell it.
  if ((await transport.stat(mounts)) === undefined) return
  const points = (await transport.listDirectory(mounts)).map((name) => `${mounts}/${name}`)
  const doing = `unmounting what is below ${mounts}`
  const table = await readMountTable(transport)
  const mounted = mountedBelow(table, mounts)
  if (mounted.length > 0) {
    const command: Command = { argv: ['umount', '--lazy', ...mounted] }
    await runOrFail(transport, command, { reason: 'KillPodSandboxError', doing }, signal)
  }
  const left = await transport.removeEmpty([...points, mounts])
  if (left.length === 0) return
  throw new RuntimeFailure(
    'KillPodSandboxError',
    `${doing}: ${left.join(', ')} is not empty, and nothing is mounted there; move away what is in it`,
  )
}
