import { Resolver } from 'node:dns/promises'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeName } from '../../../engine/api/names.ts'
import type { DnsRecord, NodeTraffic } from '../../../engine/api/traffic.ts'
import { dnsPaths } from '../../../engine/runtimes/oci/dns/paths.ts'
import { findServer, removeServer } from '../../../engine/runtimes/oci/dns/server.ts'
import { removeRoot } from '../../../engine/runtimes/oci/node/removeRoot.ts'
import { ociNode } from '../../../engine/runtimes/oci/ociNode.ts'
import { localTransport } from '../../../engine/transport/local.ts'
import { eventually } from '../../support/engine.ts'
import { addressIn, ownRanges } from '../../support/ranges.ts'

const RANGES = await ownRanges()
const SERVER = addressIn(RANGES.serviceCIDR, 110)
const SERVER6 = addressIn(RANGES.serviceCIDR6, 110)
const NAMES = Array.from({ length: 20 }, (_, index) => `svc-${index}.default.svc.cluster.local`)

/** A node's DNS server alone, without pods. */
async function dnsNode() {
  const folder = mkdtempSync(join(tmpdir(), 'reconcile-dns-'))
  const root = join(folder, 'root')
  mkdirSync(root)
  const transport = localTransport()
  const node = await ociNode({ transport, root, node: nodeName('here') })
  return {
    dns: node.dns,
    server: { transport, paths: dnsPaths(node.paths) },
    [Symbol.asyncDispose]: async () => {
      await node.dns.rest()
      await removeServer({ transport, paths: dnsPaths(node.paths) })
      await removeRoot({ transport, root })
      rmSync(folder, { recursive: true })
    },
  }
}

/** Each name has the two addresses of its round, of which the next round keeps one: as in a rolling update. */
function round(number: number): Pick<NodeTraffic, 'dns' | 'serviceRanges'> {
  const address = (of: number): DnsRecord => ({ type: 'A', ttlSeconds: 5, address: `10.243.0.${of % 250}` })
  const records = new Map(NAMES.map((name) => [name, [address(number), address(number + 1)]]))
  return { serviceRanges: [RANGES.serviceCIDR], dns: { domain: 'cluster.local', servers: [SERVER], records } }
}

test('no question goes unanswered, and none is answered wrong, while a thousand names change', {
  timeout: 30_000,
}, async () => {
  await using node = await dnsNode()
  expect(await node.dns.apply(round(0))).toEqual([])
  const resolver = new Resolver({ timeout: 2_000, tries: 1 })
  resolver.setServers([SERVER])
  const until = new AbortController()
  const answers: (readonly string[])[] = []
  const asking = NAMES.slice(0, 4).map(async (name) => {
    while (!until.signal.aborted) answers.push(await resolver.resolve4(name))
  })
  const last = 1_000 / NAMES.length
  for (let number = 1; number <= last; number += 1) expect(await node.dns.apply(round(number))).toEqual([])
  until.abort()
  await Promise.all(asking)
  expect(answers.length).toBeGreaterThan(last)
  expect(answers.every((addresses) => addresses.length >= 1)).toBe(true)
  expect((await resolver.resolve4(NAMES[7] ?? '')).toSorted()).toEqual([
    `10.243.0.${last}`,
    `10.243.0.${last + 1}`,
  ])
})

test('a server that ends by itself is started again with all that it knew, and that is told', async () => {
  await using node = await dnsNode()
  await node.dns.apply(round(0))
  const first = (await findServer(node.server)) ?? 0
  process.kill(first, 'SIGKILL')
  const findings = await eventually(
    async () => node.dns.findings(),
    (found) => found.length > 0,
    10_000,
  )
  expect(findings).toEqual([{ found: 'the DNS server has ended', done: 'it was started again' }])
  expect(await findServer(node.server)).not.toBe(first)
  const resolver = new Resolver()
  resolver.setServers([SERVER])
  expect(await resolver.resolve4(NAMES[0] ?? '')).toHaveLength(2)
})

test('an address that another server has is a problem that says so', async () => {
  await using node = await dnsNode()
  await using other = await dnsNode()
  await other.dns.apply(round(0))
  const [problem] = await node.dns.apply(round(0))
  expect(problem?.reason).toBe('DnsNotReady')
  expect(problem?.message).toContain(`another DNS server answers at ${SERVER} already`)
})

test('with no Service left it knows no names, and stays for the pods that ask it', async () => {
  await using node = await dnsNode()
  await node.dns.apply(round(0))
  const nothing = { domain: 'cluster.local', servers: [], records: new Map() }
  expect(await node.dns.apply({ serviceRanges: [], dns: nothing })).toEqual([])
  const resolver = new Resolver()
  resolver.setServers([SERVER])
  await expect(resolver.resolve4(NAMES[0] ?? '')).rejects.toMatchObject({ code: 'ENOTFOUND' })
})

test('another range of addresses has its names without a restart, and questions come by IPv6 as well', async () => {
  await using node = await dnsNode()
  const servers = [SERVER, SERVER6]
  const target = 'six.default.svc.cluster.local'
  const ptr = { type: 'PTR', ttlSeconds: 5, target } as const
  const six = { type: 'AAAA', ttlSeconds: 5, address: addressIn(RANGES.serviceCIDR6, 70) } as const
  const records = new Map<string, readonly DnsRecord[]>([
    [target, [six]],
    ['5.9.98.10.in-addr.arpa', [ptr]],
  ])
  const dns = { domain: 'cluster.local', servers, records }
  expect(await node.dns.apply({ serviceRanges: [RANGES.serviceCIDR6], dns })).toEqual([])
  const pid = await findServer(node.server)
  expect(await node.dns.apply({ serviceRanges: ['10.98.9.0/24', RANGES.serviceCIDR6], dns })).toEqual([])
  const resolver = new Resolver()
  resolver.setServers([SERVER6])
  expect(await resolver.resolve6(target)).toEqual([six.address])
  expect(await resolver.reverse('10.98.9.5')).toEqual([target])
  expect(await findServer(node.server)).toBe(pid)
})
