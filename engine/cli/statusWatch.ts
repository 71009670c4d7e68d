import { Changes } from '../reconciler/changes.ts'
import { after } from '../reconciler/clock.ts'
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
  using wake = bell(transport.watch([root], signal))
  show(first)
  while (!signal.aborted) {
    const { clock } = world
    const waiting = new AbortController()
    const either = AbortSignal.any([signal, waiting.signal])
    await Promise.race([wake.rung(), clock.sleepUntil(after(clock.now(), LOOK_MS), either)])
    waiting.abort()
    await clock.sleepUntil(after(clock.now(), GATHER_MS), signal)
    if (!signal.aborted) show(await look())
  }
  return EXIT.done
}

/** Something changed since it was last asked. */
function bell(changes: AsyncIterable<string>): Disposable & { rung(): Promise<void> } {
  let next = Promise.withResolvers<void>()
  const listening = (async () => {
    for await (const _ of changes) next.resolve()
  })()
  // A folder that is deleted is found out by the next look.
  listening.catch(() => undefined)
  return {
    async rung() {
      await next.promise
      next = Promise.withResolvers<void>()
    },
    [Symbol.dispose]: () => next.resolve(),
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
