import { DaemonProcess, type LogLine } from '../test/support/daemon.ts'
import { World } from '../test/support/engine.ts'
import { Hosts } from '../test/support/hosts/hosts.ts'
import { fleetOptions, nodesYaml } from '../test/support/hosts/fleet.ts'
import { workload } from '../test/support/manifests.ts'
import { sh } from '../test/support/pods.ts'
import { type Measurement, median } from './measure.ts'

const NAMES = ['one', 'two', 'three'] as const
const PODS = 12
const EVICTION_S = 5
const RUNS = 2

/** From the end of a machine's link to its pods' replacements on the others, which are ready; three machines behind ssh. */
export async function benchNodeLoss(registry: string): Promise<readonly Measurement[]> {
  await using hosts = await Hosts.create(NAMES)
  await using world = await World.create({
    ...fleetOptions(hosts, await hosts.expose(Number(new URL(registry).port))),
    spec: { podEvictionTimeoutSeconds: EVICTION_S },
  })
  await world.commit({
    'nodes.json': nodesYaml(hosts, NAMES),
    'web.json': JSON.stringify(
      workload(
        'Deployment',
        'web',
        { terminationGracePeriodSeconds: 0, containers: [sh('exec sleep 3600')] },
        { replicas: PODS },
      ),
    ),
  })
  const first = await world.once()
  if (first.exitCode !== 0) throw new Error(first.stderr)
  const declaredMs: number[] = []
  const replacedMs: number[] = []
  for (const name of NAMES.slice(0, RUNS)) {
    await using daemon = new DaemonProcess(world)
    await daemon.until(({ message }) => message.includes('follow'))
    const host = hosts.host(name)
    const from = daemon.lines.length
    host.cut()
    const cutMs = Date.now()
    const lost = await daemon.until(says(`node ${name} counts as unreachable`), { from, limitMs: 60_000 })
    const well = await daemon.until(says('Deployment default/web is healthy'), { from, limitMs: 60_000 })
    declaredMs.push(Date.parse(lost.time) - cutMs)
    replacedMs.push(Date.parse(well.time) - Date.parse(lost.time))
    host.mend()
    await daemon.until(says(`node ${name} answers`), { from, limitMs: 90_000 })
  }
  return [
    {
      what: "a machine's link is cut, until it counts as unreachable",
      value: median(declaredMs),
      unit: 'ms',
      runs: RUNS,
    },
    {
      what: `from then on, until all ${PODS} pods are ready elsewhere, ${EVICTION_S} s of waiting included`,
      value: median(replacedMs),
      unit: 'ms',
      runs: RUNS,
      target: { text: 'within 7 s', most: 7_000 },
    },
  ]
}

function says(text: string): (line: LogLine) => boolean {
  return ({ message }) => message.includes(text)
}
