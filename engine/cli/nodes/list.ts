import packageJson from '../../../package.json' with { type: 'json' }
import { nodesOf } from '../../api/nodes.ts'
import type { Snapshot } from '../../api/snapshot.ts'
import { taintText } from '../../api/taints.ts'
import { withLosses } from '../../planner/losses.ts'
import { type NodeObject, nodeObjects } from '../../planner/nodeObjects.ts'
import { observeOnce } from '../../reconciler/observeOnce.ts'
import { appliedDesired } from '../applied.ts'
import { since } from '../duration.ts'
import type { Invocation } from '../invocation.ts'
import { listOf, printJson } from '../json.ts'
import { emptyDesired, openMachine, openUsedStation, type UsedStation } from '../station.ts'
import { plainText, table } from '../table.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'
import { wordsOf } from './table.ts'

/** As `kubectl get nodes`; what the last engine has on record of those that do not answer counts. */
export async function listNodes(invocation: Invocation, world: World): Promise<number> {
  const station = await openUsedStation(invocation, world)
  const desired = await desiredOf(station, world)
  const { runtimes } = await openMachine(station, desired, world)
  const snapshot = await observeOnce(runtimes, desired, world.clock, world.signal)
  const now = world.clock.now()
  const podCIDRs = new Map((station.record.nodes ?? []).map(({ name, podCIDR }) => [String(name), podCIDR]))
  const objects = nodeObjects(snapshot, now, { version: packageJson.version, podCIDRs })
  const output = invocation.text('output')
  if (output === 'json') printJson(world, listOf(objects))
  else world.stdout.write(plainText(rows(objects, snapshot, now, output === 'wide')))
  return EXIT.done
}

/** Where nobody can tell what the commit says of them, they are shown without that. */
async function desiredOf(station: UsedStation, world: World): Promise<Snapshot['desired']> {
  try {
    return await appliedDesired(station, world)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    world.stderr.write(plainText(`warning: ${error.message}\n`))
    return emptyDesired(station.record)
  }
}

const HEADING = ['NAME', 'STATUS', 'PODS', 'SILENT', 'CPU', 'MEMORY', 'RUNTIME']
const WIDE = ['INTERNAL-IP', 'OS-IMAGE', 'KERNEL-VERSION', 'ARCH', 'TAINTS']

function rows(objects: readonly NodeObject[], told: Snapshot, now: Temporal.Instant, wide: boolean): string {
  const snapshot = withLosses(told, now)
  const facts = new Map(nodesOf(snapshot).map((node) => [String(node.name), node]))
  const lines = objects.map((object) => {
    const node = facts.get(object.metadata.name)
    const observed = node && snapshot.observed.nodes.get(node.name)
    const { nodeInfo = {} } = object.status
    return [
      object.metadata.name,
      node === undefined ? '' : wordsOf(node),
      observed === undefined || observed.unlisted === true ? '?' : String(observed.pods.size),
      observed?.reachable === false ? since(now, observed.since) : '',
      amountCell(object, 'cpu'),
      amountCell(object, 'memory'),
      nodeInfo['containerRuntimeVersion'] ?? '',
      ...(wide ? wideCells(object) : []),
    ]
  })
  return table(wide ? [...HEADING, ...WIDE] : HEADING, lines)
}

/** What there is; where some of it is reserved, what pods may request before it: `1500m/2`. */
function amountCell({ status: { allocatable = {}, capacity = {} } }: NodeObject, name: string): string {
  const own = allocatable[name] ?? ''
  const all = capacity[name] ?? ''
  return own === all ? all : `${own}/${all}`
}

function wideCells({ spec, status }: NodeObject): readonly string[] {
  const { nodeInfo = {} } = status
  const internal = status.addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address)
  const taints = (spec.taints ?? []).map(taintText)
  return [
    internal.join(','),
    nodeInfo['osImage'] ?? '',
    nodeInfo['kernelVersion'] ?? '',
    nodeInfo['architecture'] ?? '',
    taints.join(','),
  ]
}
