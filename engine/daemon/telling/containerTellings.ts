import type { ContainerExit } from '../../api/snapshot.ts'
import type { LogFields } from '../../reconciler/logger.ts'
import type { ContainerEvent, ImageEvent, OfContainer, ProbeEvent } from '../../reconciler/progress.ts'
import { aboutPod, containerName, objectOfPod, type Scene } from './scene.ts'
import type { Happening, Telling } from './telling.ts'
import { milliseconds, oneLine, plural, spanText } from './words.ts'

/** Ends of one container with one exit code are one trouble; its starts go with them. */
export function exitTrouble({ container, uid }: OfContainer): string {
  return `exit ${uid} ${container} `
}

export function probeTrouble({ container, probe, uid }: OfContainer & { readonly probe: string }): string {
  return `probe ${uid} ${container} ${probe} `
}

/** `isAsked`: this engine wanted the start; the node's exit hook has made it otherwise. */
export function containerTelling(event: ContainerEvent, scene: Scene, isAsked: boolean): Telling {
  switch (event.kind) {
    case 'containerStarted':
      return startTelling(event, scene, isAsked)
    case 'containerExited':
      return exitTelling(event, scene)
    case 'containerWaits':
      return waitTelling(event, scene)
    default:
      return event satisfies never
  }
}

/** The first restart comes at once, which is no back-off. */
function waitTelling(
  event: Extract<ContainerEvent, { readonly kind: 'containerWaits' }>,
  scene: Scene,
): Telling {
  const { backOffMs, restartAt } = event
  const message = `${subject(event)}: the node starts it again at ${restartAt}, after ${spanText(backOffMs)}`
  if (backOffMs < 1_000) return { ...about(event, scene, 'Restarting'), level: 'debug', message }
  return {
    ...about(event, scene, 'BackOff'),
    level: 'info',
    message,
    events: [happening(event, scene, 'Warning', 'BackOff', backOffText(event))],
    repeats: `${exitTrouble(event)}waits`,
  }
}

function backOffText({ container, pod }: OfContainer): string {
  return `Back-off restarting failed container ${container} in pod ${pod.slice(pod.indexOf('/') + 1)}`
}

function startTelling(
  event: Extract<ContainerEvent, { readonly kind: 'containerStarted' }>,
  scene: Scene,
  isAsked: boolean,
): Telling {
  const { attempt, container, found } = event
  const by = isAsked ? '' : " by the node's exit hook"
  const how = found ? `was found running, restart ${attempt}` : `is started again${by}, restart ${attempt}`
  const first = found ? 'was found running' : 'is started'
  const repeats = attempt === 0 ? {} : { repeats: `${exitTrouble(event)}start` }
  return {
    ...about(event, scene, 'Started'),
    // What runs since before the engine did is no news of the night.
    level: found ? 'debug' : 'info',
    message: `${subject(event)} ${attempt === 0 ? first : how}`,
    events: [
      happening(event, scene, 'Normal', 'Created', `Created container: ${container}`),
      happening(event, scene, 'Normal', 'Started', `Started container ${container}`),
    ],
    ...repeats,
  }
}

function exitTelling(
  event: Extract<ContainerEvent, { readonly kind: 'containerExited' }>,
  scene: Scene,
): Telling {
  const { exit, found } = event
  const reason = exitReason(exit)
  const isWell = exit.exitCode === 0 && !exit.startFailed
  const text = exitText(exit)
  const after = exit.startFailed ? '' : `, after ${spanText(milliseconds(exit.startedAt, exit.finishedAt))}`
  const past = found ? ', while no engine looked' : ''
  const told = about(event, scene, reason)
  const official = `Container ${event.container} ${text}`
  return {
    ...told,
    fields: {
      ...told.fields,
      exitCode: exit.exitCode,
      ...(exit.signal !== undefined && { signal: exit.signal }),
    },
    level: isWell ? 'info' : 'warn',
    message: `${subject(event)} ${text}${after}${past}`,
    // Without the time that it ran, by which no two would be alike.
    events: [happening(event, scene, isWell ? 'Normal' : 'Warning', reason, official)],
    repeats: `${exitTrouble(event)}${reason} ${exit.exitCode}`,
  }
}

function exitReason({ exitCode, oomKilled, startFailed }: ContainerExit): string {
  if (startFailed) return 'Failed'
  if (oomKilled) return 'OOMKilled'
  return exitCode === 0 ? 'Completed' : 'Error'
}

/** Without what the container itself has said: that may be anything, and stands in its log. */
function exitText(exit: ContainerExit): string {
  const { exitCode, message, oomKilled, signal, startFailed } = exit
  if (startFailed) return `could not be started${message === undefined ? '' : `: ${oneLine(message)}`}`
  const by = signal === undefined ? '' : `, by signal ${signal}`
  return `ended with exit code ${exitCode}${by}${oomKilled ? ', out of memory' : ''}`
}

export function probeTelling(event: ProbeEvent, scene: Scene): Telling {
  const { probe } = event
  if (event.kind === 'probeRecovered') {
    return {
      ...about(event, scene, 'Healthy'),
      level: 'info',
      message: `${subject(event)}: its ${probe} probe succeeds again, after ${plural(event.failures, 'failure')}`,
    }
  }
  const message = `${probe[0]?.toUpperCase() ?? ''}${probe.slice(1)} probe failed: ${oneLine(event.message).replace(/:$/, '')}`
  return {
    ...about(event, scene, 'Unhealthy'),
    level: 'warn',
    message: `${subject(event)}: ${message}`,
    events: [happening(event, scene, 'Warning', 'Unhealthy', message)],
    repeats: `${probeTrouble(event)}${event.message}`,
  }
}

export function imageTelling(event: ImageEvent, scene: Scene): Telling {
  const { action, container, image } = event
  const of = { ...action, container, attempt: 0 }
  const isPulling = event.kind === 'imagePulling'
  const reason = isPulling ? 'Pulling' : 'Pulled'
  const took = isPulling ? '' : ` in ${spanText(event.durationMs)}`
  const official = isPulling ? `Pulling image "${image}"` : `Successfully pulled image "${image}"${took}`
  const { fields } = about({ ...of, at: event.at }, scene, reason)
  return {
    level: 'info',
    message: isPulling ? `pulling image ${image} for ${subject(of)}` : `image ${image} is pulled${took}`,
    fields: {
      ...fields,
      object: action.object,
      action: action.kind,
      image,
      ...(!isPulling && { durationMs: Math.round(event.durationMs) }),
    },
    events: [happening({ ...of, at: event.at }, scene, 'Normal', reason, official)],
  }
}

function subject({ container, pod }: Pick<OfContainer, 'container' | 'pod'>): string {
  return container === '' ? `pod ${pod}` : `container ${container} of pod ${pod}`
}

type At = OfContainer & { readonly at: string; readonly found?: true }

function about(
  event: At,
  scene: Scene,
  reason: string,
): { readonly fields: LogFields; readonly onlyNews?: true } {
  const { container, found, node, pod } = event
  const fields = { object: objectOfPod(scene, event), node, pod, reason }
  return {
    fields: container === '' ? fields : { ...fields, container },
    ...(found && { onlyNews: true }),
  }
}

function happening(
  event: At,
  scene: Scene,
  type: Happening['type'],
  reason: string,
  message: string,
): Happening {
  const { at, container, found } = event
  return {
    at,
    about: aboutPod(scene, event, containerName(scene, event, container)),
    type,
    reason,
    message,
    ...(found && { found }),
  }
}
