import type { Command, Transport } from '../../../transport/transport.ts'
import { runCommand, runOrFail } from '../commands.ts'
import { isObject, parseJson } from '../json.ts'
import { readText } from '../node/node.ts'
import { oneByOne } from '../oneByOne.ts'
import type { RootPaths } from '../paths.ts'

/*
 * CNI's portmap plugin works with iptables, which makes tables `nat`, and chains in them that stay when the last mapping goes. What was
 * there before any root came is written down, so that the last one that leaves can remove the rest, if nobody else has come to use it.
 */

const TABLES = ['ip nat', 'ip6 nat'] as const
const CHAINS = /^CNI-HOSTPORT-/
/** It has a rule for each pod with a port of the host. */
const IN_USE = 'CNI-HOSTPORT-DNAT'
const FAILING = { reason: 'NetworkNotReady', doing: 'looking at the tables that iptables has made' }

/** Once in a boot. */
export async function noteNatTables(
  transport: Transport,
  nft: string,
  { host }: Pick<RootPaths, 'host'>,
): Promise<void> {
  await oneByOne(transport, host, async () => {
    if ((await transport.stat(noteOf(host))) !== undefined) return
    const { stdout } = await runOrFail(transport, { argv: [nft, '--terse', 'list', 'chains'] }, FAILING)
    await transport.makeDirectory(host, 0o700)
    await transport.writeFile(noteOf(host), JSON.stringify(natChains(stdout)), 0o600)
  })
}

function noteOf(host: string): string {
  return `${host}/nat.json`
}

/** `ip nat`, and `ip nat CHAIN` for each chain of it. */
export function natChains(listing: string): readonly string[] {
  const found: string[] = []
  let table: string | undefined
  for (const line of listing.split('\n')) {
    const opened = /^table (\S+ \S+) \{/.exec(line)?.[1]
    if (opened !== undefined) table = TABLES.find((name) => name === opened)
    if (opened !== undefined && table !== undefined) found.push(table)
    const chain = /^\tchain (\S+) \{/.exec(line)?.[1]
    if (chain !== undefined && table !== undefined) found.push(`${table} ${chain}`)
  }
  return found
}

/** The last root leaves. What was removed, for people. */
export async function removeNatTraces(
  transport: Transport,
  { host }: Pick<RootPaths, 'host'>,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const noted = parseJson(await readText(transport, noteOf(host)))
  if (!Array.isArray(noted)) return []
  const before = new Set(noted.map(String))
  const done: string[] = []
  for (const table of TABLES) {
    const [family, name] = table.split(' ', 2)
    const command: Command = { argv: ['nft', '-j', '-a', 'list', 'table', family ?? '', name ?? ''] }
    const listed = await runCommand(transport, command, FAILING, signal)
    const stdin = listed.exitCode === 0 ? removalText(table, parseTable(listed.stdout), before) : ''
    if (stdin === '') continue
    await runOrFail(transport, { argv: ['nft', '-f', '-'], stdin }, FAILING, signal)
    done.push(`what portmap left in nftables table ${table}`)
  }
  await transport.remove(noteOf(host))
  return done
}

export interface NatTable {
  readonly chains: readonly string[]
  readonly rules: readonly {
    readonly chain: string
    readonly handle: number
    readonly target: string | undefined
  }[]
}

export function parseTable(stdout: string): NatTable {
  const value = parseJson(stdout)
  const all: unknown = isObject(value) ? value['nftables'] : undefined
  const items = Array.isArray(all) ? all.filter(isObject) : []
  return {
    chains: items.flatMap(({ chain }) => (isObject(chain) ? [String(chain['name'])] : [])),
    rules: items.flatMap(({ rule }) => {
      if (!isObject(rule)) return []
      const { chain, expr, handle } = rule
      return [{ chain: String(chain), handle: Number(handle), target: jumpOf(expr) }]
    }),
  }
}

function jumpOf(expressions: unknown): string | undefined {
  const all: readonly unknown[] = Array.isArray(expressions) ? expressions : []
  for (const expression of all) {
    const jump = isObject(expression) ? (expression['jump'] ?? expression['goto']) : undefined
    if (isObject(jump)) return String(jump['target'])
  }
  return undefined
}

/** Empty: nothing is to be removed, or somebody still needs it. */
export function removalText(table: string, { chains, rules }: NatTable, before: ReadonlySet<string>): string {
  if (rules.some(({ chain }) => chain === IN_USE)) return ''
  const ours = chains.filter((chain) => CHAINS.test(chain) && !before.has(`${table} ${chain}`))
  const left = rules.filter(({ chain, target }) => !ours.includes(chain) && !ours.includes(target ?? ''))
  // Its own chains alone, as iptables makes them, and all of them empty.
  if (
    !before.has(table) &&
    left.length === 0 &&
    chains.every((chain) => ours.includes(chain) || isBase(chain))
  )
    return `delete table ${table}\n`
  const jumps = rules.filter(({ chain, target }) => !ours.includes(chain) && ours.includes(target ?? ''))
  return [
    ...jumps.map(({ chain, handle }) => `delete rule ${table} ${chain} handle ${handle}\n`),
    ...ours.map((chain) => `flush chain ${table} ${chain}\n`),
    ...ours.map((chain) => `delete chain ${table} ${chain}\n`),
  ].join('')
}

function isBase(chain: string): boolean {
  return ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].includes(chain)
}
