import { Changes } from '../reconciler/changes.ts'
import { after, type Clock } from '../reconciler/clock.ts'
import type { Invocation } from './invocation.ts'
import { listOf } from './json.ts'
import { createPicture } from './picture.ts'
import { eventText } from './progress.ts'
import type { StatusLook } from './statusLook.ts'
import { statusDocument, statusPage } from './statusPage.ts'
import { syncLines } from './syncView.ts'
import { plainText } from './table.ts'
import { EXIT, type World } from './world.ts'

/** What changes a root within this time is looked at together. */
const GATHER_MS = 250
/** Of some things nobody tells, such as a pod that was made by hand, and ages grow. */
const LOOK_MS = 2_000

/** Until the user or the reader has enough: a picture on a terminal, else a line for each change. */
export async function watchStatus(
  look: () => Promise<StatusLook>,
  invocation: Invocation,
  world: World,
): Promise<number> {
  const signal = AbortSignal.any([world.signal, world.stdout.closed])
  const show = viewOf(invocation, world)
  const first = await look()
  const { root, transport } = first.station
  const { clock } = world
  const changed = bell(transport.watch([root], signal), clock)
  show(first)
  while (!signal.aborted) {
    await changed.within(LOOK_MS, signal)
    await clock.sleepUntil(after(clock.now(), GATHER_MS), signal)
    if (!signal.aborted) show(await look())
  }
  return EXIT.done
}

interface Bell {
  /** Until something has changed since this was last asked, or so long. */
  within(milliseconds: number, signal: AbortSignal): Promise<void>
}

function bell(changes: AsyncIterable<string>, clock: Clock): Bell {
  let rung = new AbortController()
  const listening = (async () => {
    for await (const _ of changes) rung.abort()
  })()
  // A folder that is deleted is found out by the next look.
  listening.catch(() => undefined)
  return {
    async within(milliseconds, signal) {
      await clock.sleepUntil(after(clock.now(), milliseconds), AbortSignal.any([signal, rung.signal]))
      if (rung.signal.aborted) rung = new AbortController()
    },
  }
}

function viewOf(invocation: Invocation, world: World): (look: StatusLook) => void {
  const output = invocation.text('output')
  if (output === 'json') return documents(world)
  return world.stdout.isTTY ? picture(output === 'wide', world) : changeLines(world)
}

/** The last one stays when it ends. */
function picture(isWide: boolean, world: World): (look: StatusLook) => void {
  const { draw } = createPicture(world.stdout)
  return (look) => {
    const warnings = look.warnings.map((warning) => `warning: ${warning}`)
    draw([...plainText(statusPage(look, isWide)).trimEnd().split('\n'), ...warnings])
  }
}

/** How things stand at first, then what is different. */
function changeLines(world: World): (look: StatusLook) => void {
  const told = new Set<string>()
  const print = (text: string): void => world.stdout.write(plainText(`${text}\n`))
  const changes = new Changes((event) => {
    const text = eventText(event)
    if (text !== undefined) print(text)
  })
  let isFirst = true
  return (look) => {
    const { input, now, sync } = look
    if (isFirst) print(statusPage(look, false).trimEnd())
    const lines = syncLines(sync, now).map(withoutAges)
    for (const [index, line] of lines.entries())
      if (!isFirst && !told.has(line)) print(syncLines(sync, now)[index] ?? '')
    told.clear()
    for (const line of lines) told.add(line)
    changes.report(input.plan, input.snapshot, now.toString())
    isFirst = false
  }
}

/** A line that differs by its age only is no news. */
function withoutAges(line: string): string {
  return line.replaceAll(/\b(?:\d+[smhd])+\b/g, '')
}

/** Each one that is another one, on a line. */
function documents(world: World): (look: StatusLook) => void {
  let last = ''
  return (look) => {
    const text = JSON.stringify(listOf(statusDocument(look)))
    if (text !== last) world.stdout.write(`${text}\n`)
    last = text
  }
}
