import type { EventObject } from '../../daemon/events/event.ts'
import { readEvents } from '../../daemon/events/eventFile.ts'
import { foundHappenings } from '../../daemon/telling/found.ts'
import { after } from '../../reconciler/clock.ts'
import { observeOnce } from '../../reconciler/observeOnce.ts'
import type { RunCommand } from '../commands.ts'
import { EVENT_HEADING, eventFilter, eventRow } from '../events.ts'
import type { Invocation } from '../invocation.ts'
import { listOf, printJson } from '../json.ts'
import { parseSelector } from '../selector.ts'
import { emptyDesired, type Machine, openMachine, openUsedStation, type UsedStation } from '../station.ts'
import { columns, plainText, table } from '../table.ts'
import { EXIT, type World } from '../world.ts'

/** What changes a root within this time is looked at together. */
const GATHER_MS = 250

export const run: RunCommand = async (invocation, world) => {
  const station = await openUsedStation(invocation, world)
  const machine = await openMachine(station, undefined, world)
  const isShown = filterOf(invocation)
  const look = async (): Promise<readonly EventObject[]> =>
    (await eventsOf(station, machine, world)).filter(isShown)
  const events = await look()
  const isJson = invocation.text('output') === 'json'
  if (invocation.flag('watch')) return await follow(events, look, isJson, station, world)
  if (isJson) printJson(world, listOf(events))
  else print(events, world)
  return EXIT.done
}

function filterOf(invocation: Invocation): ReturnType<typeof eventFilter> {
  const selector = invocation.text('selector')
  return eventFilter({
    namespace: invocation.text('namespace'),
    selector: selector === undefined ? undefined : parseSelector(selector),
    object: invocation.text('for'),
  })
}

/** What engines have told, and what the node remembers of the time when none ran. */
async function eventsOf(
  station: UsedStation,
  { runtimes }: Machine,
  world: World,
): Promise<readonly EventObject[]> {
  const { history } = await readEvents(station.transport, station.root)
  const snapshot = await observeOnce(runtimes, emptyDesired(station.record), world.clock, world.signal)
  for (const happening of foundHappenings(snapshot)) history.add(happening)
  return history.all(world.clock.now())
}

function print(events: readonly EventObject[], world: World): void {
  const now = world.clock.now()
  world.stdout.write(
    plainText(
      table(
        EVENT_HEADING,
        events.map((event) => eventRow(event, now)),
      ),
    ),
  )
  if (events.length === 0) world.stderr.write('no events\n')
}

/** Until the user or the reader has enough. Beside an engine and without one: the folder tells of both. */
async function follow(
  first: readonly EventObject[],
  look: () => Promise<readonly EventObject[]>,
  isJson: boolean,
  { root, transport }: UsedStation,
  world: World,
): Promise<number> {
  let told: ReadonlyMap<string, number> = new Map()
  const write = (events: readonly EventObject[]): void => {
    const news = events.filter(({ count, metadata }) => told.get(metadata.uid) !== count)
    told = new Map(events.map(({ count, metadata }) => [metadata.uid, count]))
    world.stdout.write(plainText(isJson ? lines(news) : rows(news, world)))
  }
  const signal = AbortSignal.any([world.signal, world.stdout.closed])
  // Listened to before the first look ends, so that nothing falls between.
  const changes = transport.watch([root], signal)
  if (!isJson) world.stdout.write(`${columns([EVENT_HEADING, WIDTHS])[0] ?? ''}\n`)
  write(first)
  write(await look())
  for await (const _ of changes) {
    await world.clock.sleepUntil(after(world.clock.now(), GATHER_MS), signal)
    if (signal.aborted) break
    write(await look())
  }
  return EXIT.done
}

/** Columns that are drawn before what comes in them is known. */
const WIDTHS = [
  'kube-system',
  '2m10s (x12 over 10m)',
  'Warning',
  'ProgressDeadlineExceeded',
  `deployment/${'x'.repeat(20)}`,
]

function rows(events: readonly EventObject[], world: World): string {
  const now = world.clock.now()
  const [, ...text] = columns([WIDTHS, ...events.map((event) => eventRow(event, now))])
  return text.map((line) => `${line}\n`).join('')
}

function lines(events: readonly EventObject[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}
