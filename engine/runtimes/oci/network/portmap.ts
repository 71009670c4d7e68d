import { createHash } from 'node:crypto'
import type { PortMapping } from '../../../api/cri.ts'
import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runCommand } from '../commands.ts'
import { findProgram } from '../node/programs.ts'
import { type Attachment, type NetworkParts, portmapCommand, runPlugin } from './network.ts'

const FAILING = { reason: 'KillPodSandboxError', doing: "taking back the host's ports from the pod" }
const TRIES_MAX = 3
/** https://github.com/containernetworking/plugins/blob/v1.1.1/pkg/utils/utils.go */
const CHAIN_LETTERS = 28

/** What the portmap plugin calls the chain with a pod's mappings. */
export function portmapChain(table: string, uid: PodUid): string {
  const hash = createHash('sha512').update(`${table}${uid}`).digest('hex')
  return `CNI-DN-${hash}`.slice(0, CHAIN_LETTERS)
}

export interface PortMappings {
  readonly attachment: Attachment
  readonly network: NetworkParts
  readonly mappings: readonly PortMapping[]
}

/** `bridged`: what the bridge plugin said. */
export async function mapPorts(
  transport: Transport,
  lock: string,
  { attachment, mappings, network }: PortMappings,
  bridged: unknown,
  signal?: AbortSignal,
): Promise<void> {
  const command = portmapCommand('ADD', network, attachment, mappings, bridged)
  await runPlugin(transport, lock, command, "mapping the host's ports to the pod", signal)
}

/**
 * The plugin takes tables that iptables cannot list just then for ones that are not there, and says that all went well. What it leaves would lead
 * the host's port to whoever has the pod's address next.
 */
export async function unmapPorts(
  transport: Transport,
  lock: string,
  { attachment, mappings, network }: PortMappings,
  signal?: AbortSignal,
): Promise<void> {
  const chain = portmapChain(network.paths.table, attachment.uid)
  let left = ''
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const command = portmapCommand('DEL', network, attachment, mappings, undefined)
    await runPlugin(transport, lock, command, FAILING.doing, signal)
    left = await leftOf(transport, chain, signal)
    if (left === '') return
  }
  throw new RuntimeFailure(FAILING.reason, `${FAILING.doing}: ${left}`)
}

/** Empty: nothing. A program that is not there has made nothing; a kernel without IPv6 has no such tables. */
async function leftOf(transport: Transport, chain: string, signal?: AbortSignal): Promise<string> {
  const isIpv6 = (await transport.stat('/proc/net/if_inet6')) !== undefined
  for (const name of ['iptables', ...(isIpv6 ? ['ip6tables'] : [])]) {
    const program = await findProgram(transport, name)
    if (program === undefined) continue
    const command = { argv: [program, '-w', '5', '-t', 'nat', '-S'] } as const
    const { exitCode, stderr, stdout } = await runCommand(transport, command, FAILING, signal)
    if (exitCode !== 0) return stderr.trim()
    if (stdout.includes(chain)) return `portmap leaves chain ${chain} of ${name}`
  }
  return ''
}
