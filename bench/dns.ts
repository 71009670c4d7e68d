import { execa } from 'execa'
import { Resolver } from 'node:dns/promises'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLUSTER_DOMAIN } from '../engine/api/clusterDns.ts'
import { nodeName } from '../engine/api/names.ts'
import type { DnsRecord, NodeTraffic } from '../engine/api/traffic.ts'
import { dnsPaths } from '../engine/runtimes/oci/dns/paths.ts'
import { findServer } from '../engine/runtimes/oci/dns/server.ts'
import { removeRoot } from '../engine/runtimes/oci/node/removeRoot.ts'
import { type OciNode, ociNode } from '../engine/runtimes/oci/ociNode.ts'
import { localTransport } from '../engine/transport/local.ts'
import { type Measurement, median } from './measure.ts'

const SERVICES = 10_000
const CHANGES = 20
const TURNS = 15
const SECONDS = 1
const ADDRESS = '10.97.244.10'
const STATIC_PORT = 5_399

type Wish = Pick<NodeTraffic, 'dns' | 'serviceRanges'>

/** The DNS server of a node, with a name for each of 10,000 Services. `dnsperf` and the server share the machine. */
export async function benchDns(folder: string): Promise<readonly Measurement[]> {
  const root = join(folder, 'dns-root')
  mkdirSync(root)
  const transport = localTransport()
  const node = await ociNode({ transport, root, node: nodeName('bench') })
  try {
    const names = recordsOf(0)
    const began = performance.now()
    await apply(node, names)
    const started = performance.now() - began
    const changes = await changeTimes(node, names)
    const pid = await findServer({ transport, paths: dnsPaths(node.paths) })
    const memory = residentMB(pid ?? 0)
    const rates = await answerRates(join(folder, 'dns-static'), names)
    const size = SERVICES.toLocaleString('en')
    return [
      { what: `DNS server started with ${size} Services`, value: started, unit: 'ms', runs: 1 },
      {
        what: `a changed record answered, of ${size}`,
        value: median(changes),
        unit: 'ms',
        runs: CHANGES,
        target: { text: '100 ms', most: 100 },
      },
      { what: 'memory of the DNS server', value: memory, unit: 'MB', runs: 1 },
      { what: 'DNS answers', value: median(rates.fed), unit: 'answers/s', runs: TURNS },
      {
        what: 'the same server with a static zone',
        value: median(rates.still),
        unit: 'answers/s',
        runs: TURNS,
      },
      {
        what: 'that of this',
        // Each against the one of its own turn: the machine is not as fast all the time.
        value: median(rates.fed.map((rate, turn) => (100 * rate) / (rates.still[turn] ?? Number.NaN))),
        unit: '%',
        runs: TURNS,
        target: { text: '90 %', least: 90 },
      },
    ]
  } finally {
    await node.dns.rest()
    await removeRoot({ transport, root })
  }
}

function recordsOf(shift: number): Map<string, readonly DnsRecord[]> {
  return new Map(
    Array.from({ length: SERVICES }, (_, index) => [
      `svc-${index}.default.svc.${CLUSTER_DOMAIN}`,
      [
        {
          type: 'A',
          ttlSeconds: 5,
          address: `10.97.${Math.floor(index / 250)}.${((index + shift) % 250) + 1}`,
        },
      ],
    ]),
  )
}

async function apply(node: OciNode, records: Wish['dns']['records']): Promise<void> {
  const wish = {
    serviceRanges: ['10.97.0.0/16'],
    dns: { domain: CLUSTER_DOMAIN, servers: [ADDRESS], records },
  }
  const problems = await node.dns.apply(wish)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
}

/** From the plan that has another address for one name until the server answers with it. */
async function changeTimes(
  node: OciNode,
  names: ReadonlyMap<string, readonly DnsRecord[]>,
): Promise<readonly number[]> {
  const resolver = new Resolver()
  resolver.setServers([ADDRESS])
  const name = `svc-7.default.svc.${CLUSTER_DOMAIN}`
  const times: number[] = []
  for (let change = 1; change <= CHANGES; change += 1) {
    const address = `10.97.250.${change}`
    const records = new Map(names).set(name, [{ type: 'A', ttlSeconds: 5, address }])
    const began = performance.now()
    await apply(node, records)
    const [answered] = await resolver.resolve4(name)
    times.push(performance.now() - began)
    if (answered !== address) throw new Error(`${name} is ${answered}, and was to be ${address}`)
  }
  return times
}

function residentMB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

/** By turns. */
async function answerRates(folder: string, names: ReadonlyMap<string, readonly DnsRecord[]>) {
  mkdirSync(folder)
  const questions = join(folder, 'questions')
  writeFileSync(questions, [...names.keys()].map((name) => `${name} A\n`).join(''))
  using still = await staticServer(folder, names)
  const rates: { fed: number[]; still: number[] } = { fed: [], still: [] }
  for (let turn = 0; turn < TURNS; turn += 1) {
    rates.fed.push(await answersPerSecond(questions, ADDRESS, 53))
    rates.still.push(await answersPerSecond(questions, ADDRESS, still.port))
  }
  return rates
}

async function answersPerSecond(questions: string, address: string, port: number): Promise<number> {
  const args = ['-s', address, '-p', String(port), '-d', questions, '-l', String(SECONDS), '-c', '4']
  const { stdout } = await execa('dnsperf', args)
  const lost = /Queries lost:\s+(\d+)/.exec(stdout)?.[1]
  const rate = Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1])
  if (lost !== '0' || !(rate > 0)) throw new Error(`dnsperf against ${address}:\n${stdout}`)
  return rate
}

/** The same program with a zone that never changes, and nothing else. */
async function staticServer(folder: string, names: ReadonlyMap<string, readonly DnsRecord[]>) {
  const lines = [...names].map(
    ([name, [record]]) => `${name}. A ${record !== undefined && 'address' in record ? record.address : ''}`,
  )
  writeFileSync(
    join(folder, 'zone'),
    ['$TTL 5', '@ SOA ns hostmaster 1 7200 1800 86400 5', '@ NS ns', `ns A ${ADDRESS}`, ...lines, ''].join(
      '\n',
    ),
  )
  writeFileSync(join(folder, 'named.conf'), staticConf(folder))
  // A daemon as the other one is: the kernel gives each session its share of a busy machine.
  await execa('named', ['-c', join(folder, 'named.conf'), '-n', '2'])
  await answering()
  return {
    port: STATIC_PORT,
    [Symbol.dispose]: () => {
      process.kill(Number(readFileSync(join(folder, 'named.pid'), 'utf8')), 'SIGTERM')
    },
  }
}

function staticConf(folder: string): string {
  return `options { directory "${folder}"; pid-file "${folder}/named.pid"; session-keyfile none; listen-on port ${STATIC_PORT} { ${ADDRESS}; }; listen-on-v6 { none; }; recursion no; minimal-responses yes; };
controls { };
zone "${CLUSTER_DOMAIN}" { type primary; file "${folder}/zone"; };
`
}

async function answering(): Promise<void> {
  const resolver = new Resolver({ timeout: 100, tries: 100 })
  resolver.setServers([`${ADDRESS}:${STATIC_PORT}`])
  for (let tries = 0; ; tries += 1) {
    try {
      await resolver.resolve4(`svc-1.default.svc.${CLUSTER_DOMAIN}`)
      return
    } catch (error) {
      if (tries > 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
