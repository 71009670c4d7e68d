import { type IpRange, rangeText } from '../../../api/ipRanges.ts'
import { type Family, type Frontend, frontendKey } from '../../../api/traffic.ts'
import { type Changes, changeText, type Ruleset, rulesetOf, rulesetText } from '../../../proxy/ruleset.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { type Failing, runCommand, runOrFail } from '../commands.ts'
import { dropTables } from './masquerade.ts'
import { keptClients, forgetClients } from './stickyClients.ts'

export interface TableParts {
  readonly transport: Transport
  readonly nft: string
  readonly table: string
  /** The pods' addresses on this node: one range of each family at the most. */
  readonly podRanges: readonly IpRange[]
}

/** What the kernel was told. All of it has come where this engine did not know what was there before. */
export interface TableChange extends Changes {
  readonly now: FrontendAt
}

/** What answers there, by frontendKey. */
export type FrontendAt = (key: string) => Frontend | undefined

const FAILING: Failing = { reason: 'NetworkNotReady', doing: 'leading Services to pods' }
/** Where no pod has an address of the family: whatever goes to one leaves the node. */
const NOWHERE = { ip: '0.0.0.0/32', ip6: '::/128' } as const

/**
 * The tables of nftables that lead Services' addresses and ports to pods. The kernel's are never read: what was last loaded is remembered, and the
 * difference is sent. The first time all of it is, in place of what an engine before has left, with nothing in between.
 */
export class ServiceTable {
  readonly #parts: TableParts
  #loaded: ReadonlyMap<Family, Ruleset> = new Map()
  /** How the kernel says the tables without their elements. */
  #shape: string | undefined

  constructor(parts: TableParts) {
    this.#parts = parts
  }

  get isLoaded(): boolean {
    return this.#loaded.size > 0
  }

  /** With no frontend at all the tables go. */
  async load(frontends: readonly Frontend[], signal?: AbortSignal): Promise<TableChange> {
    if (frontends.length === 0 && this.isLoaded) return await this.clear(signal)
    const wanted = this.#wanted(frontends)
    if (!this.isLoaded) {
      await this.#loadWhole(wanted, signal)
      return this.#changed({ gone: [], come: allOf(wanted) })
    }
    const change = this.#changed(await this.#loadChange(this.#loaded, wanted, signal))
    await forgetClients(this.#parts, change.gone, change.now, signal)
    return change
  }

  /** Once more, all of it: somebody has changed the tables. */
  async reload(signal?: AbortSignal): Promise<void> {
    await this.#loadWhole(this.#loaded, signal)
  }

  /** Also what an engine before has left. */
  async clear(signal?: AbortSignal): Promise<TableChange> {
    const gone = allOf(this.#loaded)
    const { nft, table, transport } = this.#parts
    await runOrFail(transport, dropTables(nft, [`ip ${table}`, `ip6 ${table}`]), FAILING, signal)
    this.#loaded = new Map()
    this.#shape = undefined
    return this.#changed({ gone, come: [] })
  }

  /** Rules or sets have gone, or others have come. What stands in the sets is not looked at: of 10,000 Services that takes seconds. */
  async isTampered(signal?: AbortSignal): Promise<boolean> {
    return this.isLoaded && this.#shape !== undefined && (await this.#readShape(signal)) !== this.#shape
  }

  #wanted(frontends: readonly Frontend[]): ReadonlyMap<Family, Ruleset> {
    const { podRanges, table } = this.#parts
    const families = (['ip', 'ip6'] as const).filter(
      (family) =>
        family === 'ip' || this.#loaded.has(family) || frontends.some((one) => one.family === family),
    )
    return new Map(
      families.map((family) => {
        const range = podRanges.find((one) => one.family === (family === 'ip' ? 'IPv4' : 'IPv6'))
        const podRange = range === undefined ? NOWHERE[family] : rangeText(range)
        return [family, rulesetOf(frontends, { family, table, podRange })]
      }),
    )
  }

  async #loadWhole(wanted: ReadonlyMap<Family, Ruleset>, signal?: AbortSignal): Promise<void> {
    // Clients of a sticky Service stay where they are, also when another engine comes.
    const texts = [...wanted.values()].map(rulesetText)
    const kept = await keptClients(this.#parts, [...wanted.values()], signal)
    await this.#run([...texts, ...kept].join(''), true, signal)
    this.#loaded = wanted
    this.#shape = await this.#readShape(signal)
  }

  async #loadChange(
    before: ReadonlyMap<Family, Ruleset>,
    wanted: ReadonlyMap<Family, Ruleset>,
    signal?: AbortSignal,
  ): Promise<Changes> {
    const changes = [...wanted].map(([family, ruleset]) => {
      const known = before.get(family)
      return known === undefined
        ? { family, text: rulesetText(ruleset), after: ruleset, changes: newIn(ruleset), isShape: true }
        : { family, ...changeText(known, ruleset), isShape: hasNewChains(known, ruleset) }
    })
    const text = changes.map((change) => change.text).join('')
    const after = new Map(changes.map((change) => [change.family, change.after]))
    if (text !== '' && (await this.#run(text, false, signal)) === 'refused') {
      // The kernel has not what this engine believes: somebody has been at it.
      await this.#loadWhole(after, signal)
    } else {
      this.#loaded = after
      if (changes.some(({ isShape }) => isShape)) this.#shape = await this.#readShape(signal)
    }
    return {
      gone: changes.flatMap((change) => change.changes.gone),
      come: changes.flatMap((change) => change.changes.come),
    }
  }

  #changed(changes: Changes): TableChange {
    const all = [...this.#loaded.values()]
    return { ...changes, now: (key) => all.flatMap(({ frontends }) => frontends.get(key) ?? [])[0] }
  }

  async #run(text: string, mustSucceed: boolean, signal?: AbortSignal): Promise<'done' | 'refused'> {
    const { nft, transport } = this.#parts
    const command: Command = { argv: [nft, '-f', '-'], stdin: text }
    const result = await runCommand(transport, command, FAILING, signal)
    if (result.exitCode === 0) return 'done'
    if (!mustSucceed) return 'refused'
    const said = result.stderr.trim().split('\n').slice(0, 3).join(' ')
    const lacks = /not supported|no such file or directory/i.test(said)
      ? '; this kernel may lack a part of nftables: its modules nft_ct, nft_nat, nft_fib, nft_numgen and nft_reject are needed'
      : ''
    throw new RuntimeFailure(
      FAILING.reason,
      `${FAILING.doing}: nft ended with ${result.exitCode}: ${said}${lacks}`,
    )
  }

  /** nft 1.0.6 reads all elements for whatever else it is asked: only this goes without, in 20 ms for 10,000 Services. */
  async #readShape(signal?: AbortSignal): Promise<string> {
    const { nft, table, transport } = this.#parts
    const command: Command = { argv: [nft, '--terse', '--stateless', 'list', 'ruleset'] }
    const { stdout } = await runOrFail(transport, command, FAILING, signal)
    return tableTexts(stdout, table).join('\n')
  }
}

/** Of a listing, the tables of this name: `table ip NAME {` to the brace that ends it. */
export function tableTexts(listing: string, table: string): readonly string[] {
  return listing.split(/^(?=table )/m).filter((text) => text.split(' ', 3)[2] === table)
}

function hasNewChains(before: Ruleset, wanted: Ruleset): boolean {
  return (
    [...wanted.spreads.keys()].some((chain) => !before.spreads.has(chain)) ||
    [...wanted.stickySeconds].some((seconds) => !before.stickySeconds.has(seconds))
  )
}

function allOf(rulesets: ReadonlyMap<Family, Ruleset>): readonly Frontend[] {
  return [...rulesets.values()].flatMap(({ frontends }) => [...frontends.values()])
}

function newIn({ frontends }: Ruleset): Changes {
  return { gone: [], come: [...frontends.values()] }
}

export function keyOfFrontend({ address, port, protocol }: Frontend): string {
  return frontendKey(address, protocol, port)
}
