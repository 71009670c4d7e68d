import { type ObjectKey, objectText, type PodUid } from '../api/names.ts'
import type { Action, Health } from '../api/plan.ts'
import type { LoopState } from '../reconciler/loop.ts'
import type { PodSummary, ProgressEvent } from '../reconciler/progress.ts'
import type { LogFields } from '../reconciler/logger.ts'
import { createPicture } from './picture.ts'
import { plainText } from './table.ts'
import type { World } from './world.ts'

/** Tells people on the standard error what the loop does. */
export interface Progress {
  event(event: ProgressEvent): void
  tick(state: LoopState): void
  /** A line of someone else, such as a warning of the log. */
  print(line: string): void
  /** Leaves what was printed, and takes the picture away. */
  end(): void
}

/** `json`: one line of JSON a change; on a terminal a live picture; else one line a change. */
export function createProgress(format: 'json' | 'text', world: World): Progress {
  const isNews = newsFilter()
  const progress =
    format === 'json' ? jsonLines(world) : world.stderr.isTTY ? livePicture(world) : plainLines(world)
  return {
    ...progress,
    event(event) {
      if (isNews(event)) progress.event(event)
    },
  }
}

/** What is tried again and fails again in the same way is told once. */
function newsFilter(): (event: ProgressEvent) => boolean {
  const told = new Map<string, string>()
  return (event) => {
    if (event.kind === 'actionEnded') told.delete(subject(event.action))
    if (event.kind !== 'actionFailed') return true
    const problems = JSON.stringify(event.problems)
    if (told.get(subject(event.action)) === problems) return false
    told.set(subject(event.action), problems)
    return true
  }
}

function subject(action: Action): string {
  return `${action.kind} ${'uid' in action ? action.uid : action.object}`
}

function jsonLines(world: World): Progress {
  const print = (line: string): void => world.stderr.write(`${line}\n`)
  return {
    event(event) {
      const text = eventText(event)
      if (text === undefined) return
      const about = { event: event.kind, ...aboutEvent(event) }
      print(JSON.stringify({ time: event.at, level: 'info', message: text, ...about }))
    },
    tick: () => undefined,
    print,
    end: () => undefined,
  }
}

/** As the log of the engine that follows a repository names these. */
function aboutEvent(event: ProgressEvent): LogFields {
  if ('action' in event) {
    const { action } = event
    const pod = 'pod' in action ? { node: action.node, pod: action.pod } : {}
    return { object: action.object, ...pod, action: action.kind, reason: action.reason }
  }
  return {
    ...('object' in event && { object: event.object }),
    ...('node' in event && { node: event.node }),
    ...('pod' in event && { pod: event.pod }),
  }
}

function plainLines(world: World): Progress {
  const print = (line: string): void => world.stderr.write(`${plainText(line)}\n`)
  return {
    event(event) {
      const text = eventText(event)
      if (text !== undefined) print(text)
    },
    tick: () => undefined,
    print,
    end: () => undefined,
  }
}

function livePicture(world: World): Progress {
  const picture = createPicture(world.stderr)
  const rows = new Map<ObjectKey, Health>()
  const pods = new Map<PodUid, PodSummary>()
  return {
    event(event) {
      if (event.kind === 'healthChanged') rows.set(event.object, event.health)
      if (event.kind === 'podChanged') pods.set(event.uid, event.summary)
      if (event.kind === 'podGone') pods.delete(event.uid)
      const text =
        event.kind === 'podChanged' || event.kind === 'healthChanged' ? undefined : eventText(event)
      if (text !== undefined) picture.print(`${plainText(text)}\n`)
    },
    tick(state) {
      for (const key of rows.keys()) if (state.plan?.statuses.has(key) !== true) rows.delete(key)
      picture.draw(pictureLines(rows, pods))
    },
    print: (line) => picture.print(`${plainText(line)}\n`),
    end: () => picture.clear(),
  }
}

/** What is not healthy yet, a line each, then the pods in numbers. */
export function pictureLines(
  health: ReadonlyMap<ObjectKey, Health>,
  pods: ReadonlyMap<PodUid, PodSummary>,
): readonly string[] {
  const open = [...health]
    .filter(([, one]) => one.kind !== 'healthy')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => plainText(`  ${objectText(key)}: ${healthText(one)}`).replaceAll('\n', ' '))
  const all = [...pods.values()]
  const ready = all.filter((pod) => pod.ready === pod.containers && !pod.deleting).length
  const leaving = all.filter((pod) => pod.deleting).length
  const counts = `${ready} of ${all.length - leaving} pods ready${leaving === 0 ? '' : `, ${leaving} ending`}`
  return [...open, `  ${counts}`]
}

export function healthText(health: Health): string {
  switch (health.kind) {
    case 'healthy':
      return health.message === undefined ? 'healthy' : `healthy: ${health.message}`
    case 'progressing':
      return health.message
    case 'failed':
      return `failed: ${health.reason}: ${health.message}`
    default:
      return health satisfies never
  }
}

/** Without the message, which is told elsewhere and may be long. */
export function shortHealth(health: Health): string {
  return health.kind === 'failed' ? `failed: ${health.reason}` : healthText(health)
}

/** One line for what people want to know; undefined for what they do not. */
export function eventText(event: ProgressEvent): string | undefined {
  switch (event.kind) {
    case 'podChanged':
      return podText(event.pod, event.summary, event.before)
    case 'podGone':
      return `pod ${event.pod}: removed`
    case 'actionFailed':
      return event.problems
        .map(({ container, reason, message, summary = message }) => {
          const where = container === '' ? '' : ` container ${container}:`
          // The whole of it stands in the summary at the end, with what the registry or the system said.
          return `pod ${podOf(event)}:${where} ${reason}: ${summary.split('\n')[0] ?? ''}`
        })
        .join('\n')
    case 'healthChanged':
      return isTold(event) ? `${objectText(event.object)}: ${shortHealth(event.health)}` : undefined
    case 'nodeChanged':
      if (event.reachable) return undefined
      return `node ${event.node} does not answer${event.message === undefined ? '' : `: ${event.message}`}`
    case 'nodeDamaged':
      return damageText(event)
    case 'violation':
      return `a bug of reconcile kept ${objectText(event.violation.object)} from changing: ${event.violation.message}`
    case 'actionEnded':
      return endText(event.action)
    case 'actionStarted':
    case 'actionCancelled':
    case 'containerStarted':
    case 'containerExited':
    case 'containerWaits':
    case 'probeFailed':
    case 'probeRecovered':
    case 'imagePulling':
    case 'imagePulled':
    case 'recordChanged':
      return undefined
    default:
      return event satisfies never
  }
}

function damageText(event: Extract<ProgressEvent, { readonly kind: 'nodeDamaged' }>): string {
  const { done, found, node, problem } = event
  if (problem !== undefined) return `node ${node}: ${found}, and it could not be put right: ${problem}`
  return `node ${node}: ${found}${done === undefined ? '' : `: ${done}`}`
}

function podOf(event: Extract<ProgressEvent, { readonly kind: 'actionFailed' }>): string {
  return 'pod' in event.action ? event.action.pod : objectText(event.action.object)
}

/** Pods tell of themselves by podChanged; what is well was so before. */
function isTold({
  object,
  health,
  before,
}: Extract<ProgressEvent, { readonly kind: 'healthChanged' }>): boolean {
  if (object.startsWith('Pod/')) return false
  return before !== undefined || health.kind !== 'healthy'
}

/** A pod that is seen for the first time was found, or its creation is told by the action. */
function podText(pod: string, now: PodSummary, before: PodSummary | undefined): string | undefined {
  if (before === undefined) return undefined
  if (now.deleting) return before.deleting ? undefined : `pod ${pod}: ending`
  const restarts = now.restarts > before.restarts ? `, restarted (${now.restarts} in all)` : ''
  const counts = countsText(now)
  // When the last init container has ended, the others are on their way.
  const isBetween = now.running === 0 && isInitialized(now) && !isInitialized(before)
  if (restarts === '' && (counts === '' || isBetween || counts === countsText(before))) return undefined
  return `pod ${pod}: ${counts}${restarts}`
}

function isInitialized({ inits }: PodSummary): boolean {
  return inits.done === inits.all
}

function countsText({ containers, inits, ready, running }: PodSummary): string {
  if (inits.done < inits.all) return inits.begun === 0 ? '' : `init ${inits.done} of ${inits.all}`
  if (ready === containers) return 'ready'
  return `${running} of ${containers} running, ${ready} ready`
}

const TOLD_WITH_REASON: readonly Action['kind'][] = ['updateVolumes', 'mendPod', 'resizePod']

function endText(action: Action): string | undefined {
  if (!('pod' in action)) return undefined
  if (action.kind === 'createPod') return `pod ${action.pod}: created`
  return TOLD_WITH_REASON.includes(action.kind) ? `pod ${action.pod}: ${action.reason}` : undefined
}
