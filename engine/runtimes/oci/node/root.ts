import type { RootRecord } from '../../../api/records.ts'
import { RECORD_VERSION } from '../../../api/records.ts'
import type { Lock, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { parseCidr, overlaps, cidrText } from '../network/cidr.ts'
import { parseRoutes, routesCommand } from '../network/routes.ts'
import { runOrFail } from '../commands.ts'
import { rootPaths } from '../paths.ts'
import { isObject, parseJson } from '../json.ts'

/** Undefined: nobody's root yet. Rejects when there is a root.json that this engine cannot read. */
export async function readRoot(transport: Transport, root: string): Promise<RootRecord | undefined> {
  const { rootFile } = await rootPaths(transport, root)
  const content = await transport.readFile(rootFile)
  if (content === undefined) return undefined
  return parseRootRecord(new TextDecoder().decode(content), rootFile)
}

export async function writeRoot(transport: Transport, root: string, record: RootRecord): Promise<void> {
  const { rootFile, root: directory } = await rootPaths(transport, root)
  await transport.makeDirectory(directory, 0o700)
  await transport.writeFile(rootFile, `${JSON.stringify(record, undefined, 2)}\n`, 0o600)
}

/** The one engine that drives this root. Undefined: another one does, and `holder` of the rejection names it. */
export async function lockRoot(
  transport: Transport,
  root: string,
  holder: string,
): Promise<
  { readonly kind: 'locked'; readonly lock: Lock } | { readonly kind: 'held'; readonly by: string }
> {
  const paths = await rootPaths(transport, root)
  await transport.makeDirectory(paths.root, 0o700)
  const lock = await transport.lock(paths.lockFile, holder)
  if (lock !== undefined) return { kind: 'locked', lock }
  const content = await transport.readFile(paths.lockFile)
  return { kind: 'held', by: content === undefined ? '' : new TextDecoder().decode(content).trim() }
}

export async function rootIdOf(transport: Transport, root: string): Promise<string> {
  return (await rootPaths(transport, root)).rootId
}

function parseRootRecord(text: string, file: string): RootRecord {
  const value = parseJson(text)
  if (!isObject(value)) {
    throw new RuntimeFailure(
      'InvalidRoot',
      `reading ${file}: it is damaged; restore it, or take another --root`,
      {
        certain: true,
      },
    )
  }
  if (value['recordVersion'] !== RECORD_VERSION) {
    const version = JSON.stringify(value['recordVersion'])
    throw new RuntimeFailure(
      'InvalidRoot',
      `reading ${file}: its version ${version} is not known to this engine; use the engine that wrote it`,
      { certain: true },
    )
  }
  return value as unknown as RootRecord
}

/**
 * The range for pods' addresses: the configured one, or the first /16 from 10.244 up that the host has no route into.
 * Rejects when the configured one overlaps with a route that is not our own bridge's; the message proposes a free one.
 */
export async function choosePodCidr(
  transport: Transport,
  root: string,
  configured: string | undefined,
): Promise<string> {
  const { bridge } = await rootPaths(transport, root)
  const failing = { reason: 'NetworkNotReady', doing: "reading the node's routes" }
  const { stdout } = await runOrFail(transport, routesCommand(), failing)
  const taken = parseRoutes(stdout).filter((route) => route.device !== bridge && route.network.prefix > 0)
  const free = () => freeCidr(taken.map((route) => route.network))
  if (configured === undefined) return free()
  const wanted = parseCidr(configured)
  if (wanted === undefined) {
    throw new RuntimeFailure('NetworkNotReady', `podCIDR ${JSON.stringify(configured)} is no IPv4 range`, {
      certain: true,
    })
  }
  const other = taken.find((route) => overlaps(route.network, wanted))
  if (other === undefined) return cidrText(wanted)
  throw new RuntimeFailure(
    'NetworkNotReady',
    `podCIDR ${configured} overlaps with ${cidrText(other.network)} on ${other.device}; ${free()} is free: set it as podCIDR in the Cluster`,
    { certain: true },
  )
}

function freeCidr(taken: readonly { readonly address: number; readonly prefix: number }[]): string {
  // 10.244 and what follows it first, then the lower ones.
  for (let step = 0; step < 256; step += 1) {
    const candidate = { address: 10 * 2 ** 24 + ((244 + step) % 256) * 2 ** 16, prefix: 16 }
    if (!taken.some((network) => overlaps(network, candidate))) return cidrText(candidate)
  }
  throw new RuntimeFailure('NetworkNotReady', 'no /16 below 10.0.0.0/8 is free: set podCIDR in the Cluster', {
    certain: true,
  })
}
