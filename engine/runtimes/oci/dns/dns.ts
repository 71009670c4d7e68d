import { reverseZones } from '../../../api/clusterDns.ts'
import { ipRanges, rangeText } from '../../../api/ipRanges.ts'
import type { DnsZone, NodeTraffic, TrafficProblem } from '../../../api/traffic.ts'
import { failure } from '../commands.ts'
import { readText } from '../node/node.ts'
import { readRoot } from '../node/root.ts'
import type { OciNode } from '../ociNode.ts'
import { type Finding, ServerWatch } from '../serverWatch.ts'
import { reconfigureCommand, transferCommand, updateCommand } from './commands.ts'
import { addressesIn, forwardersOf, namedConf, type ServerSettings, zoneFileName, zonesIn } from './config.ts'
import { type Lines, linesOf, parseTransfer } from './lines.ts'
import { dnsPaths } from './paths.ts'
import {
  configuration,
  type DnsServer,
  ensureLink,
  findServer,
  joinGroup,
  REASON,
  startServer,
  step,
  writeFiles,
} from './server.ts'
import { updateScript } from './updates.ts'

type Wish = Pick<NodeTraffic, 'dns' | 'serviceRanges'>

export interface Dns {
  /**
   * From here on the node's DNS server knows these names: it is started when it does not run, and told what has changed. Without addresses
   * it goes on where it is, if it is anywhere, and knows none: pods that were made with it ask it still. What could not be done; it rejects for bugs alone.
   */
  apply(wish: Wish, signal?: AbortSignal): Promise<readonly TrafficProblem[]>
  /** Resolves once this engine has had a server answer, or has not for some seconds: what asks the server is not begun before it is there. */
  applied(signal?: AbortSignal): Promise<void>
  /** What was amiss, and what was done about it, since this was last asked. */
  findings(): readonly Finding[]
  /** From here on nothing is looked after any more; what is under way has ended. */
  rest(): Promise<void>
}

const FIRST_WAIT_MS = 5_000

export function createDns(node: Omit<OciNode, 'dns' | 'services'>): Dns {
  const keeper = new DnsKeeper(node)
  const first = Promise.withResolvers<void>()
  const watch = new ServerWatch(node.transport, `dns ${node.paths.root}`, async () => {
    const found = await keeper.damage()
    if (found === undefined) return undefined
    const [problem] = await attempt(async () => await keeper.again())
    return { found, done: problem?.message ?? 'it was started again' }
  })
  return {
    apply: async (wish, signal) => {
      const problems = await watch.inTurn(
        async () => await attempt(async () => await keeper.apply(wish, signal), signal),
      )
      if (wish.dns.servers.length > 0) first.resolve()
      watch.set(keeper.isKept)
      return problems
    },
    applied: async (signal) => {
      const limit = setTimeout(first.resolve, FIRST_WAIT_MS)
      await first.promise.finally(() => clearTimeout(limit))
      signal?.throwIfAborted()
    },
    findings: () => watch.findings(),
    rest: async () =>
      await watch.inTurn(async () => {
        watch.set(false)
        keeper.forget()
      }),
  }
}

async function attempt(work: () => Promise<void>, signal?: AbortSignal): Promise<readonly TrafficProblem[]> {
  try {
    await work()
    return []
  } catch (error) {
    signal?.throwIfAborted()
    const { message, reason } = failure({ reason: REASON, doing: 'leading names to pods' }, error)
    return [{ reason, message }]
  }
}

class DnsKeeper {
  readonly #node: Omit<OciNode, 'dns' | 'services'>
  readonly #server: DnsServer
  /** What the server answers; absent: it has to be asked. */
  #served: Lines | undefined
  /** The last that was applied, and is to stay so. */
  #kept: Wish | undefined

  constructor(node: Omit<OciNode, 'dns' | 'services'>) {
    this.#node = node
    this.#server = { transport: node.transport, paths: dnsPaths(node.paths) }
  }

  get isKept(): boolean {
    return this.#kept !== undefined
  }

  async apply(wish: Wish, signal?: AbortSignal): Promise<void> {
    const { dns, serviceRanges } = wish
    this.#kept = undefined
    if (dns.servers.length === 0) {
      await this.#empty(dns, signal)
      return
    }
    // Makes the root's tmpfs.
    await this.#node.facts()
    const settings = await this.#settings(dns, serviceRanges)
    const lines = linesOf(dns)
    try {
      await this.#serve(settings, dns.domain, lines, signal)
      this.#served = lines
      this.#kept = wish
    } catch (error) {
      this.#served = undefined
      throw error
    }
  }

  /** Of what was applied and is not so any more. */
  async damage(): Promise<string | undefined> {
    if (this.#kept === undefined) return undefined
    if (!(await this.#hasLink())) return `link ${this.#server.paths.link} of the DNS server's address is gone`
    return (await findServer(this.#server)) === undefined ? 'the DNS server has ended' : undefined
  }

  async #hasLink(): Promise<boolean> {
    const { paths, transport } = this.#server
    return (await transport.stat(`/sys/class/net/${paths.link}`)) !== undefined
  }

  forget(): void {
    this.#kept = undefined
  }

  async again(): Promise<void> {
    if (this.#kept !== undefined) await this.apply(this.#kept)
  }

  async #settings(dns: DnsZone, serviceRanges: readonly string[]): Promise<ServerSettings> {
    const { paths, transport } = this.#node
    const root = await readRoot(transport, paths.root)
    const podRanges = ipRanges(root?.clusterCIDR ?? root?.podCIDR ?? '').map(rangeText)
    const reverse = [...podRanges, ...serviceRanges].flatMap(reverseZones)
    return {
      addresses: dns.servers,
      forwarders: forwardersOf(await readText(transport, '/etc/resolv.conf'), dns.servers),
      zones: [dns.domain, ...[...new Set(reverse)].toSorted()],
      clients: podRanges,
    }
  }

  async #serve(settings: ServerSettings, domain: string, lines: Lines, signal?: AbortSignal): Promise<void> {
    const { paths, transport } = this.#server
    const [pid, there] = await Promise.all([findServer(this.#server), readText(transport, paths.config)])
    const wanted = namedConf(settings, paths)
    if (pid === undefined || String(addressesIn(there)) !== String(addressesIn(wanted))) {
      await startServer(this.#server, settings, domain, lines, signal)
      return
    }
    if (this.#served === undefined) await joinGroup(this.#server)
    if (there !== wanted) await this.#reconfigure(settings, domain, signal)
    const isChanged = await this.#update(settings, domain, lines, signal)
    // Looked at every time would keep each change waiting for a process more.
    if (!isChanged || !(await this.#hasLink())) await ensureLink(this.#server, settings.addresses, signal)
  }

  /** Zones that are new begin empty, and are filled like the others. */
  async #reconfigure(settings: ServerSettings, domain: string, signal?: AbortSignal): Promise<void> {
    const { paths, transport } = this.#server
    const there = new Set(await transport.listDirectory(paths.folder))
    const names = new Set(settings.zones.map(zoneFileName))
    const entries = configuration(settings, paths, domain, new Map())
    const isNew = ({ path }: { readonly path: string }) => !names.has(path) || !there.has(path)
    await writeFiles(this.#server, entries.filter(isNew), signal)
    const [first = ''] = settings.addresses
    const doing = 'telling the DNS server of its new configuration'
    await step(this.#server, reconfigureCommand(paths, first), doing, signal)
    this.#served = undefined
  }

  async #update(
    { addresses, zones }: Pick<ServerSettings, 'addresses' | 'zones'>,
    domain: string,
    wanted: Lines,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { paths } = this.#server
    const [address = ''] = addresses
    this.#served ??= parseTransfer(
      await step(this.#server, transferCommand(paths, address, zones), 'asking the DNS server', signal),
      domain,
    )
    const script = updateScript(this.#served, wanted, { address, zones })
    if (script === '') return false
    await step(this.#server, updateCommand(paths, script), "changing the DNS server's records", signal)
    return true
  }

  /** It forgets all names, and forwards what else it is asked. */
  async #empty(dns: DnsZone, signal?: AbortSignal): Promise<void> {
    const { paths, transport } = this.#server
    if (this.#served?.size === 0 || (await findServer(this.#server)) === undefined) return
    const config = await readText(transport, paths.config)
    const there = { addresses: addressesIn(config), zones: zonesIn(config) }
    await this.#update(there, dns.domain, new Map(), signal)
    this.#served = new Map()
  }
}
