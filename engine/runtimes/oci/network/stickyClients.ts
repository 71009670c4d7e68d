import { type Family, type Frontend, frontendKey, type Protocol } from '../../../api/traffic.ts'
import type { Ruleset } from '../../../proxy/ruleset.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { runCommand } from '../commands.ts'
import { isObject, parseJson } from '../json.ts'

/** That a client of a Service with affinity has been led to an endpoint, as the kernel remembers it. */
export interface StickyClient {
  readonly client: string
  /** What it asked for. */
  readonly address: string
  readonly protocol: Protocol
  readonly port: number
  readonly endpoint: string
  readonly endpointPort: number
  readonly timeoutSeconds: number
  readonly leftSeconds: number
}

interface Parts {
  readonly transport: Transport
  readonly nft: string
  readonly table: string
}

const FAILING = { reason: 'NetworkNotReady', doing: 'reading where clients of Services stay' }

/** Lines that put back what the kernel remembers, for tables that are loaded anew. */
export async function keptClients(
  parts: Parts,
  rulesets: readonly Ruleset[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const { family, frontends, stickySeconds } of rulesets) {
    if (stickySeconds.size === 0) continue
    const clients = await readClients(parts, family, signal)
    const kept = clients.filter((one) => isServed(one, (key) => frontends.get(key))).map(elementText)
    if (kept.length > 0) lines.push(`add element ${family} ${parts.table} sticky { ${kept.join(', ')} }\n`)
  }
  return lines
}

/** Another client's connection may end one of them in between, so that the kernel refuses to delete it. */
const ATTEMPTS = 3

/** Those of Services some of whose endpoints have left. Until then they were led there still: whoever waits for this may end the pod. */
export async function forgetClients(
  parts: Parts,
  gone: readonly Frontend[],
  now: (key: string) => Frontend | undefined,
  signal?: AbortSignal,
): Promise<void> {
  for (const family of ['ip', 'ip6'] as const) {
    const concerned = gone.filter((one) => one.family === family && one.stickySeconds !== undefined)
    if (concerned.length === 0) continue
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const clients = await readClients(parts, family, signal)
      const stale = clients.filter((one) => !isServed(one, now)).map(keyText)
      if (stale.length === 0) break
      const stdin = `delete element ${family} ${parts.table} sticky { ${stale.join(', ')} }\n`
      const { exitCode } = await run(parts, { argv: [parts.nft, '-f', '-'], stdin }, signal)
      if (exitCode === 0) break
    }
  }
}

async function readClients(
  parts: Parts,
  family: Family,
  signal?: AbortSignal,
): Promise<readonly StickyClient[]> {
  const argv = [parts.nft, '-j', 'list', 'map', family, parts.table, 'sticky'] as const
  const { exitCode, stdout } = await run(parts, { argv }, signal)
  return exitCode === 0 ? parseClients(stdout) : []
}

async function run({ transport }: Parts, command: Command, signal?: AbortSignal) {
  return await runCommand(transport, command, FAILING, signal)
}

/** At its own address, or at one of the node's. */
function isServed(client: StickyClient, at: (key: string) => Frontend | undefined): boolean {
  const { address, endpoint, endpointPort, port, protocol } = client
  const frontend = at(frontendKey(address, protocol, port)) ?? at(frontendKey(undefined, protocol, port))
  return frontend?.endpoints.some((one) => one.address === endpoint && one.port === endpointPort) === true
}

function keyText({ address, client, port, protocol }: StickyClient): string {
  return `${client} . ${address} . ${protocol} . ${port}`
}

function elementText(client: StickyClient): string {
  const { endpoint, endpointPort, leftSeconds, timeoutSeconds } = client
  return `${keyText(client)} timeout ${timeoutSeconds}s expires ${leftSeconds}s : ${endpoint} . ${endpointPort}`
}

/** As `nft -j list map` tells them: `[{"elem": {"val": {"concat": [...]}, "timeout": 60, "expires": 55}}, {"concat": [...]}]`. */
export function parseClients(stdout: string): readonly StickyClient[] {
  const value = parseJson(stdout)
  const all: unknown = isObject(value) ? value['nftables'] : undefined
  if (!Array.isArray(all)) return []
  return all.flatMap((item: unknown) => {
    const map = isObject(item) ? item['map'] : undefined
    const elements: unknown = isObject(map) ? map['elem'] : undefined
    return Array.isArray(elements) ? elements.flatMap(parseClient) : []
  })
}

function parseClient(element: unknown): readonly StickyClient[] {
  if (!Array.isArray(element)) return []
  const [left, right]: readonly unknown[] = element
  const of = isObject(left) && isObject(left['elem']) ? left['elem'] : undefined
  const key = concat(of === undefined ? left : of['val'])
  const [client, address, protocol, port] = key
  const [endpoint, endpointPort] = concat(right)
  if (typeof client !== 'string' || typeof address !== 'string' || typeof endpoint !== 'string') return []
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return []
  const timeoutSeconds = Number(of?.['timeout'])
  const leftSeconds = Number(of?.['expires'])
  if (!(leftSeconds > 0) || !(timeoutSeconds > 0)) return []
  const ports = { port: Number(port), endpointPort: Number(endpointPort) }
  return [{ client, address, protocol, endpoint, ...ports, timeoutSeconds, leftSeconds }]
}

function concat(value: unknown): readonly unknown[] {
  const parts: unknown = isObject(value) ? value['concat'] : undefined
  return Array.isArray(parts) ? parts : []
}
