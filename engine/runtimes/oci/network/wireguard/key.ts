import type { NodeWireguard } from '../../../../api/podNetwork.ts'
import type { Transport } from '../../../../transport/transport.ts'
import { runCommand, runOrFail } from '../../commands.ts'
import { readText } from '../../node/node.ts'
import { findProgram } from '../../node/programs.ts'
import type { RootPaths } from '../../paths.ts'

export type WireguardPlace = Pick<RootPaths, 'wireguard' | 'wireguardKey' | 'wireguardPublicKey'>

const FAILING = { reason: 'NetworkNotReady', doing: "making the node's key of WireGuard" }

/** What the others are told of the node. Nothing is made. */
export async function wireguardOf(
  transport: Transport,
  { wireguardPublicKey }: WireguardPlace,
): Promise<Pick<NodeWireguard, 'publicKey' | 'lack'>> {
  const publicKey = (await readText(transport, wireguardPublicKey)).trim()
  if (publicKey !== '') return { publicKey }
  return (await findProgram(transport, 'wg')) === undefined ? { lack: NO_PROGRAM } : {}
}

const NO_PROGRAM = 'for wg is missing there; on Debian: apt-get install wireguard-tools'

/** A shell, so that the private key goes from program to file on the node itself. The public one comes first: with the private one all is there. */
const MAKE = 'umask 077; wg genkey >"$0.new" && wg pubkey <"$0.new" >"$1" && mv "$0.new" "$0"'

/** Once; it outlives a boot, so that the others need not be told of another one. False: the program that makes and uses it is missing. */
export async function makeKey(
  transport: Transport,
  { wireguardKey, wireguardPublicKey }: WireguardPlace,
  signal?: AbortSignal,
): Promise<boolean> {
  if ((await findProgram(transport, 'wg')) === undefined) return false
  if ((await transport.stat(wireguardKey)) !== undefined) return true
  await runOrFail(transport, { argv: ['sh', '-c', MAKE, wireguardKey, wireguardPublicKey] }, FAILING, signal)
  return true
}

/** What a machine lacks to encrypt what its pods send to those of others, with the command that installs it; undefined: nothing. */
export async function wireguardLack(transport: Transport): Promise<string | undefined> {
  const [wg, daemon, modprobe, module] = await Promise.all([
    findProgram(transport, 'wg'),
    findProgram(transport, 'wireguard-go'),
    findProgram(transport, 'modprobe'),
    transport.stat('/sys/module/wireguard'),
  ])
  const inKernel = module !== undefined || (modprobe !== undefined && (await canLoad(transport, modprobe)))
  const missing = [
    ...(wg === undefined ? [['wg', 'wireguard-tools'] as const] : []),
    ...(inKernel || daemon !== undefined
      ? []
      : [["WireGuard (the kernel's, or wireguard-go in its place)", 'wireguard-go'] as const]),
  ]
  if (missing.length === 0) return undefined
  const names = missing.map(([name]) => name).join(', ')
  return `encryption: wireguard needs what is missing there: ${names}; on Debian: apt-get install ${missing.map(([, one]) => one).join(' ')}`
}

/** Nothing is loaded. */
async function canLoad(transport: Transport, modprobe: string): Promise<boolean> {
  const argv = [modprobe, '--dry-run', '--quiet', 'wireguard'] as const
  return (await runCommand(transport, { argv }, FAILING)).exitCode === 0
}
