import type { IngressConfig } from '../../../api/ingress.ts'
import type { NodeTraffic, TrafficProblem } from '../../../api/traffic.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { failure } from '../commands.ts'
import type { OciNode } from '../ociNode.ts'
import { readText } from '../node/node.ts'
import { type Finding, ServerWatch } from '../serverWatch.ts'
import { type SortedCertificates, sortCertificates } from './certificates.ts'
import { type Generation, generationOf } from './config.ts'
import { generationPaths, ingressPaths } from './paths.ts'
import {
  findProxy,
  joinGroup,
  makeGeneration,
  type Proxy,
  REASON,
  removeOthers,
  retireProxy,
  startProxy,
} from './proxy.ts'
import { type AllSlots, parseSlots, slotCommands, slotsOf } from './slots.ts'
import { tellProxy } from './socket.ts'

/** The proxy that leads requests to pods. */
export interface IngressProxy {
  /**
   * From here on it answers this: it is started when it does not run, looked after, and told what has changed. What could not be done; it
   * rejects for bugs alone.
   */
  apply(wish: Pick<NodeTraffic, 'ingress'>, signal?: AbortSignal): Promise<readonly TrafficProblem[]>
  /** What was amiss, and what was done about it, since this was last asked. */
  findings(): readonly Finding[]
}

type IngressNode = Pick<OciNode, 'facts' | 'paths' | 'transport'>

export function createIngress(node: IngressNode): IngressProxy {
  const keeper = new IngressKeeper(node)
  const watch = new ServerWatch(node.transport, `ingress ${node.paths.root}`, async () => {
    const problems = await keeper.again()
    if (problems === undefined) return undefined
    return { found: 'the Ingress proxy has ended', done: problems[0]?.message ?? 'it was started again' }
  })
  return {
    apply: async ({ ingress }, signal) => {
      const problems = await watch.inTurn(async () => await keeper.apply(ingress, signal))
      watch.set(keeper.isKept)
      return problems
    },
    findings: () => watch.findings(),
  }
}

class IngressKeeper {
  readonly #node: IngressNode
  readonly #proxy: Proxy
  /** What runs: its generation, its endpoints and what was wrong; absent: it has to be looked at. */
  #served: { readonly id: string; readonly slots: AllSlots } | undefined
  #kept: IngressConfig | undefined
  #sorted: { readonly of: IngressConfig['certificates']; readonly sorted: SortedCertificates } | undefined

  constructor(node: IngressNode) {
    this.#node = node
    this.#proxy = { transport: node.transport, paths: ingressPaths(node.paths) }
  }

  get isKept(): boolean {
    return this.#kept !== undefined
  }

  /** What could not be done; it rejects for bugs and when it is to end alone. */
  async apply(config: IngressConfig | undefined, signal?: AbortSignal): Promise<readonly TrafficProblem[]> {
    this.#kept = undefined
    try {
      if (config === undefined) {
        await this.#retire()
        return []
      }
      // Makes the root's tmpfs.
      await this.#node.facts()
      const problems = await this.#serve(config, signal)
      this.#kept = config
      return problems
    } catch (error) {
      signal?.throwIfAborted()
      this.#served = undefined
      const { message, reason } = failure({ reason: REASON, doing: 'leading requests to pods' }, error)
      return (config?.ingresses ?? []).map((service) => ({ service, reason, message }))
    }
  }

  /** Undefined: it runs, or is not to. */
  async again(): Promise<readonly TrafficProblem[] | undefined> {
    const config = this.#kept
    if (config === undefined || (await findProxy(this.#proxy)) !== undefined) return undefined
    this.#served = undefined
    const problems = await this.apply(config)
    this.#kept = config
    return problems
  }

  async #retire(): Promise<void> {
    this.#served = undefined
    if ((await this.#node.transport.stat(this.#proxy.paths.directory)) !== undefined)
      await retireProxy(this.#proxy)
  }

  async #serve(config: IngressConfig, signal?: AbortSignal): Promise<readonly TrafficProblem[]> {
    const hasIp6 = (await readText(this.#node.transport, '/proc/net/if_inet6')) !== ''
    const runs = await findProxy(this.#proxy)
    const before = await this.#standing(runs?.generation)
    const slots = slotsOf(config.backends, before?.slots ?? new Map())
    const sorted = this.#sorted?.of === config.certificates ? this.#sorted.sorted : undefined
    const used = sorted === undefined ? config : { ...config, certificates: sorted.good }
    const wanted = generationOf(used, slots, this.#proxy.paths, hasIp6)
    if (
      before?.id === wanted.id &&
      (await this.#change(before.isSure ? before.slots : undefined, wanted, slots, signal))
    )
      return sorted?.problems ?? []
    return await this.#replace(config, used, wanted, slots, hasIp6, signal)
  }

  /** Of the process that runs; `isSure`: this engine has told it of all its endpoints. */
  async #standing(
    id: string | undefined,
  ): Promise<{ readonly id: string; readonly slots: AllSlots; readonly isSure: boolean } | undefined> {
    if (id === undefined) return undefined
    if (this.#served?.id === id) return { ...this.#served, isSure: true }
    const { config } = generationPaths(this.#proxy.paths, id)
    const text = await readText(this.#node.transport, config)
    return text === '' ? undefined : { id, slots: parseSlots(text), isSure: false }
  }

  /** Endpoints alone, at run time. False: it did not take them. */
  async #change(
    before: AllSlots | undefined,
    { id, paths, text }: Generation,
    slots: AllSlots,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { transport } = this.#node
    const commands = slotCommands(before, slots)
    if (commands.length > 0) {
      try {
        await tellProxy(transport, this.#proxy.paths.socket, commands, signal)
      } catch {
        signal?.throwIfAborted()
        return false
      }
      // For the next process.
      await transport.writeFile(paths.config, text, 0o600, signal)
    }
    if (before === undefined) await joinGroup(this.#proxy)
    this.#served = { id, slots }
    return true
  }

  async #replace(
    config: IngressConfig,
    used: IngressConfig,
    wanted: Generation,
    slots: AllSlots,
    hasIp6: boolean,
    signal?: AbortSignal,
  ): Promise<readonly TrafficProblem[]> {
    try {
      await makeGeneration(this.#proxy, wanted, signal)
    } catch (error) {
      if (!isRefusal(error) || this.#sorted?.of === config.certificates) throw error
      const sorted = await sortCertificates(this.#proxy, config.certificates, signal)
      if (sorted.problems.length === 0) throw error
      this.#sorted = { of: config.certificates, sorted }
      const rest = { ...used, certificates: sorted.good }
      const next = generationOf(rest, slots, this.#proxy.paths, hasIp6)
      return await this.#replace(config, rest, next, slots, hasIp6, signal)
    }
    await startProxy(this.#proxy, wanted, signal)
    await removeOthers(this.#proxy, wanted.id)
    this.#served = { id: wanted.id, slots }
    return this.#sorted?.of === config.certificates ? this.#sorted.sorted.problems : []
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof RuntimeFailure && error.reason === 'IngressRefused'
}
