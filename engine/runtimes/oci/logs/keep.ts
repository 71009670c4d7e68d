import { performance } from 'node:perf_hooks'
import type { KeepLogsRequest, RunningContainer } from '../../../api/cri.ts'
import type { LogLimits } from '../../../api/logLimits.ts'
import type { Transport } from '../../../transport/transport.ts'
import type { RootPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import { type AttemptLog, attemptLog, CURRENT, NEXT } from './files.ts'
import { type KeepStep, keepSteps } from './keepSteps.ts'

/** The kubelet looks every 10 s, and lets files grow meanwhile. Here two files may be filled between two looks, and a look is cheap. */
const LOOK_MS_MAX = 2_000
const LOOK_MS_MIN = 250
/** A second look while a file fills: two may be full before anything is lost, so this is early. */
const FILL_SHARE = 0.5
/** conmon does not answer: it may be stopped. What it was asked waits for it. */
const ASK_AGAIN_MS = 60_000
/** REOPEN_LOGS_EVENT, and two numbers that mean nothing here: conmon's src/ctrl.c. */
const REOPEN = '2 0 0\n'

/** What was seen of one attempt's log. */
interface Seen {
  readonly id: string
  readonly bytes: number
  readonly atMs: number
  readonly askedMs?: number
}

/** Where one attempt's log is. */
export interface LogPlaces {
  readonly own: string
  readonly before: string | undefined
  /** The pipe that conmon takes orders from. */
  readonly control: string
}

export type KeepLogs = (request: KeepLogsRequest) => Promise<number>

/** Whoever writes little costs one look at one file, and nothing is started. */
export function createLogKeeper(
  transport: Transport,
  placeOf: (container: RunningContainer) => LogPlaces | undefined,
): KeepLogs {
  let seen: ReadonlyMap<string, Seen> = new Map()
  return async ({ containers, limits }) => {
    const places = containers.flatMap((container) => placeOf(container) ?? [])
    const states = await transport.fileStates(places.map(({ own }) => `${own}/${CURRENT}`))
    const atMs = performance.now()
    const problems: unknown[] = []
    const found = new Map<string, Seen>()
    let waitMs = LOOK_MS_MAX
    for (const place of places) {
      const state = states.get(`${place.own}/${CURRENT}`)
      if (state === undefined) continue
      const last = seen.get(place.own)
      const now = { id: state.id, bytes: state.sizeBytes, atMs }
      waitMs = Math.min(waitMs, waitFor(last, now, limits))
      const asked = last?.id === now.id ? last.askedMs : undefined
      found.set(place.own, { ...now, ...(asked !== undefined && { askedMs: asked }) })
      if (last?.id === now.id && now.bytes < limits.bytesMax) continue
      try {
        const mayAsk = asked === undefined || atMs - asked > ASK_AGAIN_MS
        const did = await keep(transport, place, limits, mayAsk)
        if (did === 'asked') found.set(place.own, { ...now, askedMs: atMs })
        // Looked at again as if it had never been seen.
        if (did === 'disturbed') found.delete(place.own)
      } catch (error) {
        problems.push(error)
      }
    }
    seen = found
    if (problems.length > 0) throw new AggregateError(problems, messagesOf(problems))
    return Math.max(LOOK_MS_MIN, waitMs)
  }
}

function messagesOf(problems: readonly unknown[]): string {
  return [...new Set(problems.map((one) => (one instanceof Error ? one.message : String(one))))].join('; ')
}

export function logPlace(paths: RootPaths, { attempt, container, uid }: RunningContainer): LogPlaces {
  const { bundle, directory } = containerPaths(podPaths(paths, uid), uid, container)
  return {
    own: `${directory}/${attempt}`,
    before: attempt === 0 ? undefined : `${directory}/${attempt - 1}`,
    control: `${bundle}/ctl`,
  }
}

/** Until the file may be half full at the pace since the last look, in milliseconds. */
function waitFor(last: Seen | undefined, now: Seen, limits: LogLimits): number {
  // An attempt that has only begun may be one that writes much.
  if (last === undefined) return now.bytes === 0 ? LOOK_MS_MAX / 2 : LOOK_MS_MIN
  const rest = Math.max(0, limits.bytesMax - last.bytes)
  const bytes = last.id === now.id ? now.bytes - last.bytes : rest + now.bytes
  if (bytes <= 0) return LOOK_MS_MAX
  return (FILL_SHARE * limits.bytesMax * (now.atMs - last.atMs)) / bytes
}

async function keep(
  transport: Transport,
  place: LogPlaces,
  limits: LogLimits,
  mayAsk: boolean,
): Promise<'asked' | 'kept' | 'disturbed'> {
  const own = await attemptLog(transport, place.own)
  const before: AttemptLog | undefined =
    place.before === undefined ? undefined : await attemptLog(transport, place.before)
  for (const step of keepSteps(own, before, limits)) {
    if (step.kind === 'reopen') {
      if (mayAsk && (await transport.writePipe(place.control, REOPEN))) return 'asked'
    } else if (!(await carryOut(transport, place, step))) return 'disturbed'
  }
  return 'kept'
}

/** False: it has gone on meanwhile, and is looked at again. */
async function carryOut(
  transport: Transport,
  place: LogPlaces,
  step: Exclude<KeepStep, { readonly kind: 'reopen' }>,
): Promise<boolean> {
  const path = `${place.own}/${step.name}`
  switch (step.kind) {
    case 'number':
      return await transport.link(`${place.own}/${step.what}`, path)
    case 'renumber':
      await transport.rename(path, `${place.own}/${step.to}`)
      return true
    case 'prepare':
      await transport.writeTree(place.own, [
        { path: step.name, mode: 0o600, what: { kind: 'file', content: '' } },
      ])
      return await transport.link(path, `${place.own}/${NEXT}`)
    case 'remove':
      await transport.remove(step.of === 'own' ? path : `${place.before}/${step.name}`)
      return true
    default:
      return step satisfies never
  }
}
