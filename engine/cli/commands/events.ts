import type { RunCommand } from '../commands.ts'
import { since } from '../duration.ts'
import { eventsOf, type PodEvent } from '../events.ts'
import { listOf, printJson } from '../json.ts'
import { listPods, podFilter } from '../pods.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { plainText, table } from '../table.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const station = await openUsedStation(invocation, world)
  const { runtime } = await openMachine(station, undefined, world)
  const pods = (await listPods(runtime, world)).filter(podFilter(invocation))
  const events = pods
    .flatMap((pod) =>
      eventsOf(pod.listing).map((event) => ({
        ...event,
        namespace: pod.namespace,
        name: pod.name,
        uid: pod.uid,
      })),
    )
    .toSorted((a, b) => compare(a.at, b.at) || compare(a.name, b.name))
  if (invocation.text('output') === 'json') printJson(world, listOf(events.map(official)))
  else print(events, world)
  return EXIT.done
}

type Located = PodEvent & { readonly namespace: string; readonly name: string; readonly uid: string }

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function print(events: readonly Located[], world: World): void {
  const now = world.clock.now()
  const rows = events.map((event) => [
    event.namespace,
    since(now, event.at),
    event.type,
    event.reason,
    `pod/${event.name}`,
    event.message.replaceAll('\n', ' '),
  ])
  world.stdout.write(
    plainText(table(['NAMESPACE', 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'], rows)),
  )
  if (rows.length === 0) world.stderr.write('no events\n')
}

function official(event: Located): unknown {
  const { namespace, name, uid, at, type, reason, message, container } = event
  const field = container === undefined ? {} : { fieldPath: `spec.containers{${container}}` }
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      namespace,
      name: `${name}.${Temporal.Instant.from(at).epochMilliseconds.toString(16)}.${reason.toLowerCase()}`,
    },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid, ...field },
    type,
    reason,
    message,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: 'reconcile' },
  }
}
