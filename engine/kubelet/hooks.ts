import type { ObservedPod } from '../api/snapshot.ts'
import { backOffOf, ofPod } from './actions.ts'
import type { PodContext } from './context.ts'
import { containerFacts, factsOf } from './facts.ts'
import { type HandlerTarget, httpTarget, type SleepTarget } from './handlers.ts'
import { freshRecord, withHook } from './record.ts'
import type { PodStep } from './step.ts'
import type { ContainerView, PodView } from './view.ts'

/** What a container's hook does; undefined: it has no such hook, or its port is not to be found. */
export function hookCommand(
  pod: ObservedPod,
  container: string,
  hook: 'postStart' | 'preStop',
  context: PodContext,
): HandlerTarget | SleepTarget | undefined {
  const facts = containerFacts(factsOf(pod.record.pod.spec), container)
  const handler = facts?.container.lifecycle?.[hook]
  if (facts === undefined || handler === undefined) return undefined
  if (handler.exec !== undefined) return { kind: 'exec', command: handler.exec.command ?? [] }
  if (handler.sleep !== undefined) return { kind: 'sleep', ms: handler.sleep.seconds * 1000 }
  return handler.httpGet === undefined
    ? undefined
    : httpTarget(handler.httpGet, facts.container, pod, context)
}

/** The manifest's word; undefined: the image's, or SIGTERM. */
export function stopSignal({ record }: ObservedPod, container: string): string | undefined {
  return containerFacts(factsOf(record.pod.spec), container)?.container.lifecycle?.stopSignal
}

/** Runs the hook of the first container that runs without it; whatever starts after that container waits for it. */
export function postStartStep(view: PodView): PodStep | undefined {
  const container = [...view.inits, ...view.mains].find(owesPostStart)
  if (container === undefined) return undefined
  const wait = backOffOf(view, container.name)
  if (wait !== undefined) return wait
  const record = withHook(freshRecord(view), container, 'postStart', view.context.now)
  const attempt = { name: container.name, attempt: container.observed?.attempt ?? 0 }
  const reason = `container ${container.name} runs and has a postStart hook`
  return { action: { ...ofPod(view, reason), kind: 'runPostStart', record, container: attempt } }
}

/** A hook that began and has no end on record was cut off with its engine: it runs again, for it is to run at least once. */
function owesPostStart(container: ContainerView): boolean {
  const { facts, observed, record } = container
  return facts.hasPostStart && observed?.state.kind === 'running' && record?.postStart?.endedAt === undefined
}
