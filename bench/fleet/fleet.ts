import { execa } from 'execa'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { nodesYaml } from '../../test/support/hosts/fleet.ts'
import { Hosts } from '../../test/support/hosts/hosts.ts'
import { LateWay } from '../../test/support/hosts/lateWay.ts'
import { SshKeys, startSshd } from '../../test/support/sshd.ts'
import { engine, type Measurement, median, timed } from '../measure.ts'
import type { PodBench } from '../pods.ts'
import { clusterYaml, commitFiles, KEEPER_YAML, podsYaml } from '../repository.ts'

const PODS = 20
const RUNS = 5
const LATENCY_MS = 1
const REMOTE_MOST = 1.5

/** Several machines from one head. */
export async function benchFleet(bench: PodBench): Promise<readonly Measurement[]> {
  return [
    ...(await benchRemotePods(bench)),
    ...(await benchObservation(100)),
    ...(await benchObservation(50)),
  ]
}

/** Twenty pods on another machine, whose link takes a millisecond more there and back, and on this one, by turns. */
async function benchRemotePods({ folder, registry }: PodBench): Promise<readonly Measurement[]> {
  await using hosts = await Hosts.create(['one'])
  await using late = await LateWay.to(hosts.host('one').address, LATENCY_MS)
  hosts.keys.know('127.0.0.1', late.port)
  const exposed = await hosts.expose(Number(new URL(registry).port))
  const node = nodesYaml(hosts, ['one'], () => ({ address: late.url }))
  const here = new Contender(join(folder, 'fleet-here'), join(folder, 'fleet-here-root'), exposed, {}, {})
  const environment = { PATH: hosts.keys.environment['PATH'] ?? '' }
  const there = new Contender(
    join(folder, 'fleet-there'),
    hosts.root,
    exposed,
    // Two clusters on one machine.
    { 'node.yaml': node, 'cluster.yaml': clusterYaml(exposed).replace('10.232.', '10.233.') },
    environment,
  )
  try {
    const times = { here: [] as number[], there: [] as number[] }
    for (const one of [here, there]) {
      await one.up()
      await one.down()
    }
    for (let run = 0; run < RUNS; run += 1) {
      times.here.push(await here.up())
      times.there.push(await there.up())
      await here.down()
      await there.down()
    }
    const [local, remote] = [median(times.here), median(times.there)]
    const target = { text: `within ${REMOTE_MOST} x this machine`, most: REMOTE_MOST * local }
    return [
      { what: `${PODS} pods started: this machine`, value: local, unit: 'ms', runs: RUNS },
      { what: `${PODS} pods started: over ssh, 1 ms away`, value: remote, unit: 'ms', runs: RUNS, target },
    ]
  } finally {
    for (const one of [here, there]) await one.remove()
  }
}

class Contender {
  readonly #repo: string
  readonly #root: string
  readonly #files: Readonly<Record<string, string>>
  readonly #environment: Readonly<Record<string, string>>

  constructor(
    repo: string,
    root: string,
    registry: string,
    files: Readonly<Record<string, string>>,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#repo = repo
    this.#root = root
    this.#files = {
      'cluster.yaml': clusterYaml(registry),
      'keeper.yaml': KEEPER_YAML,
      ...files,
    }
    this.#environment = environment
  }

  async up(): Promise<number> {
    return await this.#once({ ...this.#files, 'pods.yaml': podsYaml(PODS) })
  }

  async down(): Promise<number> {
    return await this.#once(this.#files)
  }

  async remove(): Promise<void> {
    await timed(engine('down', '--root', this.#root), this.#environment)
  }

  async #once(files: Readonly<Record<string, string>>): Promise<number> {
    await commitFiles(this.#repo, files)
    const argv = engine('--once', '--approve', '--repo', this.#repo, '--root', this.#root)
    return (await timed(argv, this.#environment)).ms
  }
}

const WORKER = new URL('observe-worker.ts', import.meta.url).pathname
const PODS_PER_NODE = 10

interface Observed {
  readonly connectMs: number
  readonly listMs: number
  readonly reachable: number
  readonly pods: number
  readonly headMb: number
  readonly sshMb: number
}

/** A master of ssh for each node, to an sshd on this machine's loopback. */
async function benchObservation(nodes: number): Promise<readonly Measurement[]> {
  using keys = new SshKeys()
  await using sshd = await startSshd(keys, `MaxStartups ${nodes}`)
  keys.know('127.0.0.1', sshd.port)
  const folder = keys.path('nodes')
  mkdirSync(folder)
  const args = [
    '--expose-gc',
    WORKER,
    folder,
    sshd.url,
    keys.path('ctl/s'),
    String(nodes),
    String(PODS_PER_NODE),
  ]
  const { stdout } = await execa(process.execPath, args, { env: keys.environment })
  const found = JSON.parse(stdout) as Observed
  if (found.reachable !== nodes || found.pods !== nodes * PODS_PER_NODE)
    throw new Error(`${found.reachable} of ${nodes} nodes answered, with ${found.pods} pods`)
  const row = (what: string, value: number, unit: Measurement['unit']): Measurement => ({
    what: `${nodes} nodes over ssh, ${PODS_PER_NODE} pods each: ${what}`,
    value,
    unit,
    runs: 1,
  })
  return [
    row('connected and looked at', found.connectMs, 'ms'),
    row('looked at again', found.listMs, 'ms'),
    row('the head', found.headMb, 'MB'),
    row('the connections', found.sshMb, 'MB'),
  ]
}
