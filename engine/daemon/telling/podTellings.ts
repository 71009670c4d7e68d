import { objectText } from '../../api/names.ts'
import type { PodSummary, ProgressEvent } from '../../reconciler/progress.ts'
import { aboutObject, objectOfPod, type Scene } from './scene.ts'
import type { Telling } from './telling.ts'

type Of<K extends ProgressEvent['kind']> = Extract<ProgressEvent, { readonly kind: K }>

export function podTellings(event: Of<'podChanged'>, scene: Scene): readonly Telling[] {
  const { before, node, pod, summary } = event
  const fields = { object: objectOfPod(scene, event), node, pod }
  if (before === undefined) {
    return [{ level: 'debug', message: `pod ${pod} is on the node: ${countsText(summary)}`, fields }]
  }
  if (before.sandbox === 'ready' && summary.sandbox === 'broken') {
    return [
      {
        level: 'warn',
        message: `pod ${pod} ${brokenText(event, scene)}`,
        fields: { ...fields, reason: 'SandboxBroken' },
      },
    ]
  }
  const [was, is] = [isReady(before), isReady(summary)]
  if (!was && is) {
    const repeats = `exit ${event.uid}  ready`
    return [
      { level: 'info', message: `pod ${pod} is ready`, fields: { ...fields, reason: 'Ready' }, repeats },
    ]
  }
  if (was && !is && !summary.deleting) {
    const message = `pod ${pod} is not ready any more: ${countsText(summary)}`
    const repeats = `exit ${event.uid}  unready`
    return [{ level: 'info', message, fields: { ...fields, reason: 'NotReady' }, repeats }]
  }
  return [{ level: 'debug', message: `pod ${pod}: ${countsText(summary)}`, fields }]
}

function brokenText(event: Of<'podChanged'>, { snapshot }: Scene): string {
  const broken = snapshot?.observed.nodes.get(event.node)?.pods.get(event.uid)?.broken
  return broken ?? 'has lost part of its sandbox'
}

function isReady({ containers, ready }: PodSummary): boolean {
  return containers > 0 && ready === containers
}

function countsText({ containers, deleting, ready, running, sandbox }: PodSummary): string {
  const how = deleting ? ', ending' : ''
  return `${running} of ${containers} running, ${ready} ready, sandbox ${sandbox}${how}`
}

/** `isExpected`: this engine has removed it. */
export function goneTelling(event: Of<'podGone'>, isExpected: boolean): Telling {
  const { node, pod } = event
  if (isExpected) return { level: 'debug', message: `pod ${pod} is gone`, fields: { node, pod } }
  const message = `pod ${pod} is gone from its node, and this engine has not removed it`
  return { level: 'warn', message, fields: { node, pod, reason: 'PodGone' } }
}

export function violationTelling({ at, violation }: Of<'violation'>, scene: Scene): Telling {
  const { invariant, message: why, object } = violation
  const message = `a bug in the engine kept ${objectText(object)} from changing: ${invariant}: ${why}`
  const about = aboutObject(scene, object)
  return {
    level: 'error',
    message,
    fields: { object, reason: 'InvariantViolated' },
    events: [{ at, about, type: 'Warning', reason: 'InvariantViolated', message }],
  }
}
