import { objectText } from '../../api/names.ts'
import type { Action, PodAction } from '../../api/plan.ts'
import type { LogFields, LogLevel } from '../../reconciler/logger.ts'
import type { Problem, ProgressEvent } from '../../reconciler/progress.ts'
import {
  aboutController,
  aboutObject,
  aboutPod,
  containerName,
  type OfPod,
  observedPod,
  type Scene,
} from './scene.ts'
import type { Happening, Regarded, Telling } from './telling.ts'
import { oneLine, spanText } from './words.ts'

export type ActionEvent = Extract<
  ProgressEvent,
  { readonly kind: 'actionStarted' | 'actionEnded' | 'actionFailed' | 'actionCancelled' }
>

/** What fails in one action on one pod. */
export function actionTrouble(action: Action): string {
  return `action ${action.kind} ${'uid' in action ? action.uid : action.object} `
}

export function actionTellings(event: ActionEvent, scene: Scene): readonly Telling[] {
  const { action, at } = event
  if (event.kind === 'actionFailed') {
    return event.problems.map((problem) => failureTelling(event, problem, scene))
  }
  const isPod = isPodAction(action)
  switch (event.kind) {
    case 'actionStarted':
      return [
        {
          level: 'debug',
          message: `${doing(action)} is begun`,
          fields: fieldsOf(action),
          events: isPod ? startEvents(action, at, scene) : [],
        },
      ]
    case 'actionEnded':
      return [
        {
          ...(isPod ? endText(action, scene) : { level: 'debug', message: `${doing(action)} is done` }),
          fields: { ...fieldsOf(action), durationMs: Math.round(event.durationMs) },
          events: isPod ? endEvents(action, at, scene) : [],
        },
      ]
    case 'actionCancelled':
      return [{ level: 'debug', message: `${doing(action)} is broken off`, fields: fieldsOf(action) }]
    default:
      return event satisfies never
  }
}

function isPodAction(action: Action): action is PodAction {
  return 'uid' in action
}

function fieldsOf(action: Action): LogFields {
  const { kind, object, reason } = action
  const pod = isPodAction(action) ? { node: action.node, pod: action.pod } : {}
  return { object, ...pod, action: kind, reason }
}

function doing(action: Action): string {
  return `${action.kind} of ${isPodAction(action) ? `pod ${action.pod}` : objectText(action.object)}`
}

interface Said {
  readonly level: LogLevel
  readonly message: string
}

/** What people want to know of is said at `info`. */
function endText(action: PodAction, scene: Scene): Said {
  const pod = `pod ${action.pod}`
  const because = `: ${action.reason}`
  switch (action.kind) {
    case 'createPod': {
      const what = isMadeAgain(action, scene) ? `the sandbox of ${pod} is made again` : `${pod} is created`
      return { level: 'info', message: `${what}${because}` }
    }
    case 'deletePod':
      return { level: 'info', message: `${pod} is to go${because}` }
    case 'stopContainers': {
      const names = action.containers.map(({ name }) => name).join(', ')
      const noun = action.containers.length === 1 ? 'container' : 'containers'
      return { level: 'info', message: `${noun} ${names} of ${pod} stopped${because}` }
    }
    case 'removePod':
      return { level: 'info', message: `${pod} is removed` }
    case 'updateVolumes':
      return { level: 'info', message: `files of ${pod} are renewed${because}` }
    case 'resizePod':
      return { level: 'info', message: `${pod} is resized${because}` }
    case 'mendPod':
      return { level: 'warn', message: `${pod} is mended${because}` }
    case 'releasePod':
      return { level: 'info', message: `${pod} has run to its end and gave back what it had` }
    case 'startContainers':
    case 'runPostStart':
    case 'updatePod':
      return { level: 'debug', message: `${doing(action)} is done${because}` }
    default:
      return action satisfies never
  }
}

/** One that is there already has lost what it stood on: after a reboot, or by somebody's hand. */
function isMadeAgain(action: OfPod, scene: Scene): boolean {
  const pod = observedPod(scene, action)
  return pod !== undefined && pod.unmade !== true && pod.containers.size > 0
}

function startEvents(action: PodAction, at: string, scene: Scene): readonly Happening[] {
  const pod = aboutPod(scene, action)
  const on = { at, about: { ...pod, ...labelsOf(action) }, type: 'Normal' } as const
  switch (action.kind) {
    case 'createPod': {
      if (isMadeAgain(action, scene)) return [{ ...on, reason: 'SandboxChanged', message: again(action) }]
      if (observedPod(scene, action) !== undefined) return []
      const message = `Successfully assigned ${action.pod} to ${action.node}`
      return [{ ...on, reason: 'Scheduled', message, commit: action.record.commit }]
    }
    case 'deletePod': {
      if (action.disrupts === 'preemption') return [{ ...on, reason: 'Preempted', message: action.reason }]
      const message = `Marking for deletion Pod ${action.pod}`
      return action.disrupts === 'taint' ? [{ ...on, reason: 'TaintManagerEviction', message }] : []
    }
    case 'stopContainers':
      return action.containers.map(({ name }) => ({
        ...on,
        about: aboutPod(scene, action, containerName(scene, action, name)),
        reason: 'Killing',
        message: `Stopping container ${name}: ${action.reason}`,
      }))
    case 'mendPod':
      return [{ ...on, type: 'Warning', reason: 'Mended', message: action.reason }]
    case 'resizePod':
      return [{ ...on, reason: 'ResizeStarted', message: `Pod resize started: ${action.reason}` }]
    case 'updatePod':
    case 'startContainers':
    case 'runPostStart':
    case 'updateVolumes':
    case 'releasePod':
    case 'removePod':
      return []
    default:
      return action satisfies never
  }
}

function again({ reason }: PodAction): string {
  return `Pod sandbox changed, it is made anew: ${reason}`
}

function labelsOf(action: PodAction): Pick<Regarded, 'labels'> {
  const labels = 'record' in action ? action.record.pod.metadata.labels : undefined
  return labels === undefined ? {} : { labels }
}

/** What a controller has done shows at the controller, as in Kubernetes. */
function endEvents(action: PodAction, at: string, scene: Scene): readonly Happening[] {
  if (action.kind !== 'createPod' && action.kind !== 'deletePod') return []
  const about = aboutController(scene, action)
  if (about === undefined) return []
  const name = action.pod.slice(action.pod.indexOf('/') + 1)
  if (action.kind === 'deletePod')
    return [{ at, about, type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${name}` }]
  const before = observedPod(scene, action)
  if (before !== undefined && before.unmade !== true) return []
  return [{ at, about, type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${name}` }]
}

function failureTelling(
  { action, at, durationMs }: Extract<ActionEvent, { readonly kind: 'actionFailed' }>,
  problem: Problem,
  scene: Scene,
): Telling {
  const { certain, container, message, reason, summary = message } = problem
  const where = container === '' ? '' : `, container ${container}`
  const end = certain ? '; this does not pass by itself' : ''
  const took = durationMs >= 1_000 ? ` after ${spanText(durationMs)}` : ''
  const fields = { ...fieldsOf(action), reason, durationMs: Math.round(durationMs) }
  return {
    level: 'warn',
    message: `${doing(action)}${where} failed${took}: ${reason}: ${oneLine(summary)}${end}`,
    fields: container === '' ? fields : { ...fields, container },
    events: [
      {
        at,
        about: isPodAction(action)
          ? { ...aboutPod(scene, action, containerName(scene, action, container)), ...labelsOf(action) }
          : aboutObject(scene, action.object),
        type: 'Warning',
        ...failureEvent(action, reason, oneLine(summary)),
      },
    ],
    repeats: `${actionTrouble(action)}${container} ${reason} ${summary}`,
  }
}

/** Kubernetes' Event reasons are fewer than the reasons that a container waits for. */
function failureEvent(
  action: Action,
  reason: string,
  message: string,
): Pick<Happening, 'reason' | 'message'> {
  if (/^(ErrImage|ImagePull|InvalidImageName|ImageInspect)/.test(reason)) return { reason: 'Failed', message }
  if (/Mount|Volume/.test(reason)) return { reason: 'FailedMount', message }
  if (action.kind === 'runPostStart') return { reason: 'FailedPostStartHook', message }
  if (action.kind === 'stopContainers' || action.kind === 'removePod') {
    return { reason: 'FailedKillPod', message: `error killing pod: ${message}` }
  }
  if (action.kind === 'createPod' || reason === 'CreatePodSandboxError') {
    return { reason: 'FailedCreatePodSandBox', message: `Failed to create pod sandbox: ${message}` }
  }
  return { reason: 'Failed', message: `Error: ${reason}: ${message}` }
}

/** What was begun of a pod's containers, as `uid/container/attempt`: what else starts, the node's exit hook has started. */
export function startsAsked(event: ActionEvent): readonly string[] {
  const { action } = event
  if (event.kind !== 'actionStarted' || action.kind !== 'startContainers') return []
  return action.containers.map(({ attempt, name }) => `${action.uid}/${name}/${attempt}`)
}
