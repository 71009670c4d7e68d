import type { Transport } from '../../../../transport/transport.ts'
import { RuntimeFailure } from '../../../runtime.ts'
import { runCommand, runOrFail } from '../../commands.ts'
import { readText } from '../../node/node.ts'
import { moveToGroup } from '../../node/ownGroup.ts'
import { allProcesses, readArgvs } from '../../node/processes.ts'
import { findProgram, missingPrograms } from '../../node/programs.ts'
import type { RootPaths } from '../../paths.ts'
import { wireguardCommands } from './difference.ts'
import { makeKey } from './key.ts'
import { sealCommand, sealIn, sealListCommands, unsealCommand } from './seal.ts'
import { type WireguardStanding, wireguardStanding } from './standing.ts'
import type { WireguardLink } from './wanted.ts'

interface Node {
  readonly transport: Transport
  readonly paths: RootPaths
}

const FAILING = { reason: 'NetworkNotReady', doing: 'encrypting what goes to the pods of other nodes' }

/** The link as it is wanted, and what belongs to it. */
export async function leadByWireguard(
  node: Node,
  wanted: WireguardLink,
  signal?: AbortSignal,
): Promise<void> {
  await requireKey(node, signal)
  const there = (await wireguardStanding(node.transport, node.paths)) ?? (await addLink(node, wanted, signal))
  for (const command of await missingCommands(node, there, wanted, true))
    await runOrFail(node.transport, command, FAILING, signal)
}

/** One was made, and the head asks for it at its next look. */
export async function requireKey({ paths, transport }: Node, signal?: AbortSignal): Promise<void> {
  if (!(await makeKey(transport, paths, signal))) throw missingPrograms([['wg', 'wireguard-tools']])
}

/** Whether anybody has changed something of it. */
export async function isLinkChanged(node: Node, wanted: WireguardLink | undefined): Promise<boolean> {
  if (wanted === undefined) return false
  const there = await wireguardStanding(node.transport, node.paths)
  return there === undefined || (await missingCommands(node, there, wanted, false)).length > 0
}

async function missingCommands(
  { paths, transport }: Node,
  there: WireguardStanding,
  wanted: WireguardLink,
  withEndpoints: boolean,
) {
  const publicKey = (await readText(transport, paths.wireguardPublicKey)).trim()
  return wireguardCommands(there, wanted, { publicKey, withEndpoints }, paths)
}

async function addLink(node: Node, wanted: WireguardLink, signal?: AbortSignal): Promise<WireguardStanding> {
  await makeLink(node, wanted, signal)
  const there = await wireguardStanding(node.transport, node.paths)
  if (there !== undefined) return there
  throw new RuntimeFailure(FAILING.reason, `${FAILING.doing}: ${node.paths.wireguard} is gone`)
}

/** As wg-quick does it: the kernel's, else a process that stands for it, and that ends with the link. */
async function makeLink(node: Node, { mtuBytes }: WireguardLink, signal?: AbortSignal): Promise<void> {
  const { paths, transport } = node
  const name = paths.wireguard
  const argv = ['ip', 'link', 'add', 'name', name, 'mtu', String(mtuBytes), 'type', 'wireguard'] as const
  const made = await runCommand(transport, { argv }, FAILING, signal)
  if (made.exitCode === 0) return
  const program = await findProgram(transport, 'wireguard-go')
  if (program === undefined) {
    throw new RuntimeFailure(
      FAILING.reason,
      `${FAILING.doing}: the node's kernel has no WireGuard (${made.stderr.trim()}) and wireguard-go is missing there, so that its pods reach none of other nodes; take a kernel that has it, or on Debian: apt-get install wireguard-go`,
    )
  }
  // It goes on in the background, where its output must hold up nobody.
  await runOrFail(transport, { argv: [program, name], env: { LOG_LEVEL: 'silent' } }, FAILING, signal)
  const pid = await daemonOf(node)
  if (pid !== undefined) await moveToGroup(transport, `${paths.cgroup}/wireguard`, pid)
}

async function daemonOf({ paths, transport }: Node): Promise<number | undefined> {
  const argvs = await readArgvs(transport, await allProcesses(transport))
  const [pid] = [...argvs].find(([, [program = '', link]]) => {
    return program.endsWith('wireguard-go') && link === paths.wireguard
  }) ?? [undefined]
  return pid
}

/** False: there was none. */
export async function removeWireguard(
  { paths, transport }: Pick<Node, 'transport'> & { readonly paths: Pick<RootPaths, 'wireguard'> },
  signal?: AbortSignal,
): Promise<boolean> {
  if ((await transport.stat(`/sys/class/net/${paths.wireguard}`)) === undefined) return false
  await runOrFail(transport, { argv: ['ip', 'link', 'delete', 'dev', paths.wireguard] }, FAILING, signal)
  return true
}

/** How the kernel says what keeps all from going in the clear, which is not how it was told. */
export async function readSeal(
  { paths, transport }: Node,
  nft: string,
  sealed: string | undefined,
): Promise<string> {
  if (sealed === undefined) return ''
  const lists = sealListCommands({ nft, table: paths.table }, sealed)
  const told = lists.map(async (command) => (await runCommand(transport, command, FAILING)).stdout)
  return (await Promise.all(told)).map(sealIn).join('\n')
}

export async function seal(
  { paths, transport }: Node,
  nft: string,
  sealed: string,
  signal?: AbortSignal,
): Promise<void> {
  await runOrFail(transport, sealCommand({ ...paths, nft }, sealed), FAILING, signal)
}

export async function unseal(
  { paths, transport }: Pick<Node, 'transport'> & { readonly paths: Pick<RootPaths, 'table'> },
  nft: string,
  sealed: string,
  signal?: AbortSignal,
): Promise<void> {
  await runOrFail(transport, unsealCommand({ nft, table: paths.table }, sealed), FAILING, signal)
}
