import type { NodeName } from '../../api/names.ts'
import { observeOnce } from '../../reconciler/observeOnce.ts'
import type { Invocation } from '../invocation.ts'
import { emptyDesired, type Machine, openMachine, openUsedStation, type UsedStation } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'
import { memoryOf, nodeNamed } from './named.ts'
import { openTeller } from './teller.ts'

/** Has it on record that a node is dead, or no longer that it is. A node that answers is not. */
export async function setFence(
  kind: 'fence' | 'unfence',
  asked: string,
  invocation: Invocation,
  world: World,
): Promise<number> {
  const station = await openUsedStation(invocation, world)
  const machine = await openMachine(station, undefined, world)
  const node = nodeNamed(asked, machine)
  const isFenced = (await memoryOf(node, machine, world)).fenced !== undefined
  const isSo = isFenced === (kind === 'fence')
  if (kind === 'fence' && !isSo) await assertSilent(node, station, machine, world)
  if (!isSo) {
    await using teller = await openTeller(station, machine, invocation, world)
    await teller.tell(kind === 'fence' ? { kind, node, by: 'person' } : { kind, node })
  }
  world.stdout.write(`node/${node} ${isSo ? 'already ' : ''}${kind}d\n`)
  return EXIT.done
}

async function assertSilent(
  node: NodeName,
  { record }: UsedStation,
  { runtimes }: Machine,
  { clock, signal }: World,
): Promise<void> {
  const runtime = runtimes.get(node)
  if (runtime === undefined) return
  const { observed } = await observeOnce(new Map([[node, runtime]]), emptyDesired(record), clock, signal)
  if (observed.nodes.get(node)?.reachable !== true) return
  throw new UserError(
    `node ${node} answers, so it is not dead, and what runs there would run twice: take it out of use with reconcile drain ${node}`,
    { exitStatus: EXIT.failed },
  )
}
