import type { DeleteClaimRequest } from '../../../api/volumeRequests.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runOrFail } from '../commands.ts'
import { oneByOne } from '../oneByOne.ts'
import type { RootPaths } from '../paths.ts'

interface Claim {
  readonly namespace: string
  readonly claim: string
  /** The claim beside it that it begins as a copy of. */
  readonly copyOf?: string
}

export interface ClaimOwner {
  readonly group: number | undefined
  /** Leave the files alone when the folder itself is as it should be. */
  readonly onMismatchOnly: boolean
}

/** A large volume: the kubelet warns of this too. */
const OWNERSHIP_TIMEOUT_MS = 600_000

/** The claim's folder, for whichever user the pod has, as local provisioners make it; its files belong to the pod's group. */
export async function makeClaim(
  transport: Transport,
  claims: string,
  { claim, copyOf, namespace }: Claim,
  owner: ClaimOwner,
  signal?: AbortSignal,
): Promise<string> {
  const path = claimFolder(claims, namespace, claim)
  // Pods that share a claim may begin together: the folder that one of them has already must not be replaced.
  await oneByOne(transport, path, async () => {
    if ((await transport.stat(path)) !== undefined) return
    await transport.makeDirectory(claims, 0o711)
    await transport.makeDirectory(`${claims}/${namespace}`, 0o711)
    // Beside its place until it is whole: no claim's name begins with a dot.
    const part = `${claims}/${namespace}/.${claim}.part`
    await transport.remove(part)
    if (copyOf === undefined)
      await transport.writeTree(part, [{ path: '', mode: 0o777, what: { kind: 'directory' } }])
    else await copyClaim({ transport, claims, namespace, from: copyOf, part }, signal)
    await transport.rename(part, path)
  })
  return await giveToGroup(transport, path, owner, signal)
}

/** The folder, again. */
export async function giveToGroup(
  transport: Transport,
  path: string,
  { group, onMismatchOnly }: ClaimOwner,
  signal?: AbortSignal,
): Promise<string> {
  if (group === undefined) return path
  const failing = { reason: 'FailedMount', doing: `giving the files of ${path} to group ${group}` }
  if (onMismatchOnly && (await isGroups(transport, path, group))) return path
  for (const command of ownershipCommands(path, group)) await runOrFail(transport, command, failing, signal)
  return path
}

interface Copying {
  readonly transport: Transport
  readonly claims: string
  readonly namespace: string
  readonly from: string
  readonly part: string
}

/** Blocks are shared where the file system can. */
async function copyClaim(
  { claims, from, namespace, part, transport }: Copying,
  signal: AbortSignal | undefined,
): Promise<void> {
  const source = claimFolder(claims, namespace, from)
  const doing = `copying claim ${namespace}/${from}`
  if ((await transport.stat(source)) === undefined)
    throw new RuntimeFailure('FailedMount', `${doing}: it has no folder on this node`)
  const argv = ['cp', '-a', '--reflink=auto', source, part] as const
  const command: Command = { argv, timeoutMs: OWNERSHIP_TIMEOUT_MS }
  await runOrFail(transport, command, { reason: 'FailedMount', doing }, signal)
}

async function isGroups(transport: Transport, path: string, group: number): Promise<boolean> {
  const command: Command = { argv: ['find', path, '-maxdepth', '0', '-gid', String(group), '-perm', '-2070'] }
  const { stdout } = await runOrFail(transport, command, {
    reason: 'FailedMount',
    doing: `looking at ${path}`,
  })
  return stdout.trim() !== ''
}

/** SetVolumeOwnership in Kubernetes' pkg/volume: the group may do what the owner may, and new files are the group's. Links are not followed. */
export function ownershipCommands(path: string, group: number): readonly Command[] {
  const timeoutMs = OWNERSHIP_TIMEOUT_MS
  const all = ['find', path, '-xdev'] as const
  return [
    {
      argv: [...all, '!', '-gid', String(group), '-exec', 'chgrp', '-h', String(group), '{}', '+'],
      timeoutMs,
    },
    {
      argv: [...all, '-type', 'd', '!', '-perm', '-2770', '-exec', 'chmod', 'ug+rwx,g+s', '{}', '+'],
      timeoutMs,
    },
    { argv: [...all, '-type', 'f', '!', '-perm', '-660', '-exec', 'chmod', 'ug+rw', '{}', '+'], timeoutMs },
  ]
}

export function claimFolder(claims: string, namespace: string, claim: string): string {
  const path = `${claims}/${namespace}/${claim}`
  if (/^[a-z0-9.-]+\/[a-z0-9.-]+$/.test(`${namespace}/${claim}`) && !path.includes('/..')) return path
  throw new RuntimeFailure('FailedMount', `${namespace}/${claim} is no name for a folder`, { certain: true })
}

/** Renamed on the same file system, so it is there or in the trash, never half in each. */
export async function deleteClaim(
  transport: Transport,
  paths: Pick<RootPaths, 'claims' | 'trash'>,
  { at, claim, namespace }: DeleteClaimRequest,
): Promise<void> {
  const path = claimFolder(paths.claims, namespace, claim)
  if ((await transport.stat(path)) === undefined) return
  await transport.makeDirectory(paths.trash, 0o700)
  await transport.rename(path, `${paths.trash}/${trashName(at)}-${namespace}-${claim}`)
  await transport.removeEmpty([`${paths.claims}/${namespace}`])
}

/** `20261121T124500.123Z`: without colons, and in the order of time. */
function trashName(at: string): string {
  return at.replaceAll(/[-:]/g, '')
}

const TRASH_NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)([\d.]+)Z-/

export async function emptyTrash(
  transport: Transport,
  paths: Pick<RootPaths, 'trash'>,
  before: string,
): Promise<readonly string[]> {
  const limit = Date.parse(before)
  const emptied: string[] = []
  for (const name of await transport.listDirectory(paths.trash)) {
    const match = TRASH_NAME.exec(name)
    if (match === null) continue
    const [, year, month, day, hour, minute, second] = match
    if (!(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) < limit)) continue
    await transport.remove(`${paths.trash}/${name}`)
    emptied.push(`${paths.trash}/${name}`)
  }
  return emptied
}
