import { execa } from 'execa'
import { once } from 'node:events'
import { connect } from 'node:net'
import { ipRanges } from '../engine/api/ipRanges.ts'
import { objectKey } from '../engine/api/names.ts'
import type { Frontend } from '../engine/api/traffic.ts'
import { ServiceTable } from '../engine/runtimes/oci/network/serviceTable.ts'
import { localTransport } from '../engine/transport/local.ts'
import { heapBytes, type Measurement, median, quantile } from './measure.ts'

const COUNTS = [10, 1_000, 10_000]
const CHANGES = 20
const CONNECTS = 300
/** Of RFC 2544, for benchmarks: nobody has these. */
const PROBE = '198.19.0.1'

/** How long one endpoint's change takes to be in the kernel, what the engine remembers of the tables, and the first packet's way through them. */
export async function benchServiceTables(podAddress: string): Promise<readonly Measurement[]> {
  const rows: Measurement[] = []
  for (const count of COUNTS) rows.push(...(await ofCount(count, podAddress)))
  return rows
}

async function ofCount(count: number, podAddress: string): Promise<readonly Measurement[]> {
  const parts = {
    transport: localTransport(),
    nft: 'nft',
    table: 'reconcile-bench',
    podRanges: ipRanges('10.232.0.0/16'),
  }
  const table = new ServiceTable(parts)
  const frontends = [probeOf(podAddress), ...Array.from({ length: count }, (_, index) => frontendOf(index))]
  const before = heapBytes()
  try {
    const began = performance.now()
    await table.load(frontends)
    const wholeMs = performance.now() - began
    const held = (heapBytes() - before) / 2 ** 20
    const changes: number[] = []
    for (let change = 0; change < CHANGES; change += 1)
      changes.push(await timedChange(table, frontends, change))
    const of = `${count.toLocaleString('en')} Services of 4 endpoints`
    return [
      {
        what: `${of}: one endpoint's change`,
        value: median(changes),
        unit: 'ms',
        runs: CHANGES,
        ...(count === 10_000 && { target: { text: 'under 50 ms', most: 50 } }),
      },
      { what: `${of}: all at the start`, value: wholeMs, unit: 'ms', runs: 1 },
      { what: `${of}: remembered by the engine`, value: held, unit: 'MB', runs: 1 },
      ...(count === 10_000 ? await firstPackets(of, podAddress) : []),
    ]
  } finally {
    await table.clear()
  }
}

async function timedChange(table: ServiceTable, frontends: Frontend[], change: number): Promise<number> {
  const at = 1 + ((change * 7) % (frontends.length - 1))
  const frontend = frontends[at]
  if (frontend === undefined) throw new Error('no frontend to change')
  const endpoint = { address: `10.233.255.${change + 1}`, port: 8080, local: true }
  frontends[at] = { ...frontend, endpoints: [...frontend.endpoints.slice(0, 3), endpoint] }
  const began = performance.now()
  await table.load([...frontends])
  return performance.now() - began
}

function frontendOf(index: number): Frontend {
  const endpoints = [0, 1, 2, 3].map((place) => {
    const host = index * 4 + place
    return { address: `10.233.${host >> 8}.${host & 255}`, port: 8080, local: true }
  })
  const address = `198.18.${index >> 8}.${index & 255}`
  return { ...common(`s${index}`), address, port: 80, endpoints }
}

function probeOf(address: string): Frontend {
  return { ...common('probe'), address: PROBE, port: 80, endpoints: [{ address, port: 8080, local: true }] }
}

function common(
  name: string,
): Pick<Frontend, 'service' | 'family' | 'protocol' | 'whenEmpty' | 'masquerade'> {
  return {
    service: objectKey('Service', 'bench', name),
    family: 'ip',
    protocol: 'tcp',
    whenEmpty: 'refuse',
    masquerade: false,
  }
}

/** By turns through the tables and past them, by the same bridge. */
async function firstPackets(of: string, podAddress: string): Promise<readonly Measurement[]> {
  const { stdout } = await execa('ip', ['route', 'get', podAddress])
  const bridge = / dev (\S+)/.exec(stdout)?.[1] ?? ''
  await execa('ip', ['route', 'replace', `${PROBE}/32`, 'dev', bridge])
  const through: number[] = []
  const direct: number[] = []
  for (let round = 0; round < CONNECTS; round += 1) {
    through.push(await connectMs(PROBE, 80))
    direct.push(await connectMs(podAddress, 8080))
  }
  return [
    { what: `${of}: a connection begun through them`, value: median(through), unit: 'ms', runs: CONNECTS },
    { what: `${of}: a connection begun past them`, value: median(direct), unit: 'ms', runs: CONNECTS },
    { what: `${of}: p99 of one through them`, value: quantile(through, 0.99), unit: 'ms', runs: CONNECTS },
  ]
}

async function connectMs(host: string, port: number): Promise<number> {
  const began = performance.now()
  const socket = connect({ host, port })
  await once(socket, 'connect')
  const ms = performance.now() - began
  socket.destroy()
  return ms
}
