import type { PodCondition } from '../api/generated/types.ts'
import { CONDITIONS_ANNOTATION, saidConditions } from '../api/podConditions.ts'
import { DISRUPTION_TARGET } from '../api/records.ts'
import { RESIZE_IN_PROGRESS, RESIZE_PENDING } from '../api/resize.ts'
import { resizeFinding } from './resizeFinding.ts'
import type { BareView, ContainerView, PodView } from './view.ts'

interface Finding {
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
}

const TRUE: Finding = { status: 'True' }

/** As Kubernetes' pkg/kubelet/status/generate.go words them, in its order. */
export function conditionsOf(view: BareView): readonly PodCondition[] {
  const containers = containersReady(view)
  const gates = gateConditions(view)
  return [
    condition(view, 'PodReadyToStartContainers', sandboxReady(view)),
    condition(view, 'Initialized', initialized(view)),
    condition(view, 'Ready', ready(view, containers, gates)),
    condition(view, 'ContainersReady', containers),
    condition(view, 'PodScheduled', TRUE),
    ...gates,
    ...(isFrozen(view) ? [condition(view, FROZEN, { status: 'True', message: frozenText(view) })] : []),
    // While a pod is taken down, something of it is missing at every moment.
    ...(view.pod.damage === undefined || view.over
      ? []
      : [condition(view, DAMAGED, { status: 'True', message: damageText(view) })]),
    ...resizeConditions(view),
    ...view.pod.record.conditions.filter(({ type }) => KEPT.has(type)),
  ]
}

/** Written by whoever plans: it stands until that takes it away. */
const KEPT = new Set([DISRUPTION_TARGET, RESIZE_PENDING])

function resizeConditions(view: BareView): readonly PodCondition[] {
  const found = resizeFinding(view)
  return found === undefined || view.over ? [] : [condition(view, RESIZE_IN_PROGRESS, found)]
}

/** Said of a pod whose containers stand still. */
const FROZEN = 'reconcile.dev/Frozen'

/** Said of a pod that somebody has taken something from, for as long as it has not been put right. */
const DAMAGED = 'reconcile.dev/Damaged'

export function damageText({ pod }: Pick<BareView, 'pod'>): string {
  return (pod.damage ?? []).join('; ')
}

/** A pod that is to go is thawed first. */
export function isFrozen({ deleting, pod }: Pick<BareView, 'deleting' | 'pod'>): boolean {
  return pod.frozenSince !== undefined && !deleting
}

export function frozenText({ pod }: Pick<BareView, 'pod'>): string {
  return `it stands still since ${pod.frozenSince}, until reconcile thaw ${pod.record.pod.metadata.name}`
}

export function isReady({ conditions }: PodView): boolean {
  return conditions.find(({ type }) => type === 'Ready')?.status === 'True'
}

/** Only a change of status is worth a write: reasons and messages follow from the rest. */
export function sameStatuses(recorded: readonly PodCondition[], current: readonly PodCondition[]): boolean {
  return current.every((one, index) => {
    const before =
      recorded[index]?.type === one.type ? recorded[index] : recorded.find(({ type }) => type === one.type)
    return before === one || before?.status === one.status
  })
}

function condition(view: BareView, type: string, found: Finding): PodCondition {
  const recorded = ofType(view.pod.record.conditions, type)
  const { message, reason, status } = found
  if (recorded?.status !== status)
    return { type, lastTransitionTime: transitionTime(view, type, recorded), ...found }
  if (recorded.reason === reason && recorded.message === message) return recorded
  const { lastTransitionTime } = recorded
  return { type, ...(lastTransitionTime !== undefined && { lastTransitionTime }), ...found }
}

function ofType(conditions: readonly PodCondition[], type: string): PodCondition | undefined {
  for (const one of conditions) if (one.type === type) return one
  return undefined
}

/** What is not read any more changed when the node fell silent; a pod is placed on its node when it is made. */
function transitionTime(view: BareView, type: string, recorded: PodCondition | undefined): string {
  const { context, pod } = view
  const created = pod.record.pod.metadata.creationTimestamp
  if (type === 'PodScheduled' && recorded === undefined && created !== undefined) return created
  if (context.node.lostSince !== undefined && type === 'Ready') return context.node.lostSince
  if (!context.node.reachable) return context.node.since
  return context.now.toString()
}

function sandboxReady(view: BareView): Finding {
  if (view.pod.sandbox === 'ready') return TRUE
  const failure = view.pod.failures.get('')
  const { broken } = view.pod
  if (failure === undefined && broken !== undefined) return { status: 'False', message: `the pod ${broken}` }
  if (failure === undefined) return { status: 'False' }
  return { status: 'False', reason: failure.reason, message: failure.message }
}

function initialized(view: BareView): Finding {
  if (view.phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  if (view.initialized) return TRUE
  const incomplete = view.inits.filter((one) => !(one.facts.role === 'sidecar' ? one.started : one.ready))
  const message = `containers with incomplete status: ${names(incomplete)}`
  return { status: 'False', reason: 'ContainersNotInitialized', message }
}

function containersReady(view: BareView): Finding {
  if (view.phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (view.phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  if (isFrozen(view)) return { status: 'False', reason: 'PodFrozen', message: frozenText(view) }
  const allReady =
    view.mains.every((one) => one.ready) && view.inits.every((one) => one.facts.role === 'init' || one.ready)
  if (allReady && view.pod.sandbox === 'ready') return TRUE
  const counted = [...view.inits.filter((one) => one.facts.role === 'sidecar'), ...view.mains]
  const unready = view.pod.sandbox === 'ready' ? counted.filter((one) => !one.ready) : counted
  const message = `containers with unready status: ${names(unready)}`
  return { status: 'False', reason: 'ContainersNotReady', message }
}

function ready(view: BareView, containers: Finding, gates: readonly PodCondition[]): Finding {
  const { node } = view.context
  // Kubernetes' node lifecycle controller says False, too: whatever runs there, nobody is to count on it.
  if (node.lostSince !== undefined) {
    return {
      status: 'False',
      reason: 'NodeNotReady',
      message: `node ${node.name} has not answered since ${node.since}`,
    }
  }
  if (containers.status !== 'True') return containers
  if (!view.deleting) return gatesReady(view, gates)
  return { status: 'False', reason: 'Terminating', message: 'the pod is being deleted' }
}

/** The conditions that the pod's readiness waits for and that somebody has set: each as often as it was asked for, once. */
function gateConditions(view: BareView): readonly PodCondition[] {
  const { readinessGates } = view.facts.spec
  if (readinessGates === undefined) return []
  const written = view.pod.record.pod.metadata.annotations?.[CONDITIONS_ANNOTATION]
  const said = new Map([...saidConditions(written), ...saidConditions(view.pod.saidConditions)])
  return [...new Set(readinessGates.map(({ conditionType }) => conditionType))].flatMap((type) => {
    const status = said.get(type)
    return status === undefined ? [] : [condition(view, type, { status })]
  })
}

/** As Kubernetes' pkg/kubelet/status/generate.go words it. */
function gatesReady({ facts }: BareView, gates: readonly PodCondition[]): Finding {
  const messages = (facts.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const status = ofType(gates, conditionType)?.status
    if (status === 'True') return []
    return status === undefined
      ? [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${status}`]
  })
  if (messages.length === 0) return TRUE
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') }
}

function names(containers: readonly ContainerView[]): string {
  return `[${containers.map(({ name }) => name).join(' ')}]`
}
