import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeName, type NodeName } from '../../engine/api/names.ts'
import type { Plan } from '../../engine/api/plan.ts'
import { emptyDesired } from '../../engine/cli/station.ts'
import { systemClock } from '../../engine/reconciler/clock.ts'
import { createLoop } from '../../engine/reconciler/loop.ts'
import { createOciRuntime } from '../../engine/runtimes/oci/runtime.ts'
import type { Runtime } from '../../engine/runtimes/runtime.ts'
import { parseSshAddress } from '../../engine/transport/ssh/address.ts'
import { sshTransport } from '../../engine/transport/ssh/ssh.ts'

/*
 * A head's loop over nodes that are reached by ssh, each a folder of this machine with pods on record; nothing is decided about them. Alone in a
 * process, whose memory is what is measured. Arguments: the folder, the address, the masters' sockets, how many nodes, pods on each.
 */
const [folder = '', url = '', control = '', nodes = '1', pods = '10'] = process.argv.slice(2)

const NOTHING: Plan = { actions: [], verdicts: [], changes: new Map(), statuses: new Map(), violations: [] }

const address = parseSshAddress(url)
if (address === undefined) throw new Error(`${url} is no address`)

const transports: AsyncDisposable[] = []
const runtimes = new Map<NodeName, Runtime>()
for (let index = 0; index < Number(nodes); index += 1) {
  const name = nodeName(`node-${index}`)
  const root = join(folder, name)
  makeNode(root, name, Number(pods))
  const environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' }
  const transport = sshTransport({ address, control, environment })
  transports.push(transport)
  const runtime = await createOciRuntime({ transport, root, node: name, runDir: join(root, 'run') })
  // What programs there are is asked once, and is this one machine's for all of them; and nothing of it is to be put right.
  const [check, upkeep] = [() => Promise.resolve(infoOf(name)), () => Promise.resolve([])]
  runtimes.set(name, { ...runtime, check, upkeep })
}

const stop = new AbortController()
const first = Promise.withResolvers<void>()
const began = performance.now()
const loop = createLoop({
  runtimes,
  clock: systemClock,
  desired: emptyDesired(undefined),
  signal: stop.signal,
  plan: () => NOTHING,
  onTick: () => first.resolve(),
})
const running = loop.run()
await first.promise
const connectMs = performance.now() - began
const known = [...(loop.state().snapshot?.observed.nodes.values() ?? [])]
const again = performance.now()
await Promise.all([...runtimes.values()].map(async (runtime) => await runtime.list()))
const listMs = performance.now() - again
globalThis.gc?.()
console.log(
  JSON.stringify({
    connectMs,
    listMs,
    reachable: known.filter(({ reachable }) => reachable).length,
    pods: known.reduce((sum, node) => sum + node.pods.size, 0),
    headMb: megabytes('/proc/self/status', 'VmRSS'),
    sshMb: children()
      .map((pid) => megabytes(`/proc/${pid}/smaps_rollup`, 'Pss'))
      .reduce((sum, each) => sum + each, 0),
  }),
)
stop.abort()
await running
await Promise.all(transports.map(async (transport) => await transport[Symbol.asyncDispose]()))

function infoOf(node: NodeName): Awaited<ReturnType<Runtime['check']>> {
  return {
    node,
    runtime: 'bench',
    bootId: 'boot',
    addresses: ['192.0.2.1'],
    cpuMillis: 4_000,
    memoryBytes: 2 ** 33,
    podsMax: 110,
    warnings: [],
  }
}

function makeNode(root: string, node: string, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const uid = `${node}-pod-${index}`
    const place = join(root, 'pods', uid)
    mkdirSync(join(place, 'containers', 'main', '0'), { recursive: true })
    const metadata = {
      name: `pod-${index}`,
      namespace: 'default',
      uid,
      creationTimestamp: '2026-01-01T00:00:00Z',
    }
    const spec = { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }] }
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec }
    const record = { recordVersion: 1, generation: 1, node, commit: 'c', pod, conditions: [], containers: {} }
    writeFileSync(join(place, 'pod.json'), JSON.stringify(record))
  }
}

function children(): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/status`, 'utf8').includes(`PPid:\t${process.pid}\n`)
    } catch {
      return false
    }
  })
}

function megabytes(file: string, what: string): number {
  const [, kilobytes = '0'] = new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}
