import type { ContainerStop, StopContainers } from '../../api/plan.ts'
import { GRACE_MIN_MS } from '../../kubelet/actions.ts'
import { hookCommand, stopSignal } from '../../kubelet/hooks.ts'
import { after, millisecondsBetween } from '../clock.ts'
import type { HandlerResult } from '../handlers.ts'
import { runHook } from '../handlers.ts'
import { messageOf } from '../problems.ts'
import { within } from '../within.ts'
import type { HookEnd } from './hookRecord.ts'
import { hookEnds } from './hookRecord.ts'
import type { ActionWorld } from './world.ts'

/** All at once. Grace is waited for outside of the node's slots. */
export async function stopContainers(action: StopContainers, world: ActionWorld): Promise<void> {
  const { runtime, signal } = world
  await world.promptly(async () => {
    await runtime.writePodRecord(action.record, signal)
    // once more than deletePod: an engine that died in between had written the record only
    const deleted = action.record.pod.metadata.deletionTimestamp !== undefined
    if (action.disarm || deleted) await runtime.disarm(action.uid, signal)
  })
  const ended = hookEnds(action.record, world)
  await Promise.allSettled(
    action.containers.map((container) =>
      world.attempt(container.name, () => stopOne(action, container, ended, world)),
    ),
  )
  signal.throwIfAborted()
  world.done('')
}

async function stopOne(
  action: StopContainers,
  container: ContainerStop,
  ended: (end: HookEnd) => Promise<void>,
  world: ActionWorld,
): Promise<undefined> {
  const { runtime, clock, signal } = world
  const killAt = after(clock.now(), container.graceMs)
  const hook = container.runPreStop ? await preStop(action, container, world) : undefined
  if (hook !== undefined) {
    // only saves the next engine from running it again: a full disk must not keep the container alive
    await ended({ container: container.name, hook: 'preStop', result: hook, at: clock.now() }).catch(
      () => undefined,
    )
    signal.throwIfAborted()
  }
  // however long the hook took, and whatever was done to the clock meanwhile
  const least = hook === undefined ? 0 : Math.min(GRACE_MIN_MS, container.graceMs)
  const leftMs = millisecondsBetween(clock.now(), killAt)
  const graceMs = Math.max(Math.min(leftMs, container.graceMs), least)
  const { name, attempt } = container
  const pod = world.pod()
  const own = pod && stopSignal(pod, name)
  const request = {
    uid: action.uid,
    container: name,
    attempt,
    graceMs,
    ...(own !== undefined && { signal: own }),
  }
  await runtime.stopContainer(request, signal)
}

/** Has the grace period and no longer. Its failure is recorded and stops nothing. */
async function preStop(
  action: StopContainers,
  container: ContainerStop,
  world: ActionWorld,
): Promise<HandlerResult | undefined> {
  const { runtime, clock } = world
  const pod = world.pod()
  const context = { now: clock.now(), node: world.node(), desired: world.desired }
  const target = pod && hookCommand(pod, container.name, 'preStop', context)
  if (target === undefined) return undefined
  try {
    const hook = await within(clock, container.graceMs, world.signal, (signal) =>
      runHook(target, { runtime, uid: action.uid, container: container.name, clock, signal }),
    )
    if (hook.kind === 'done') return hook.value
    return { succeeded: false, message: `not done within the grace period of ${container.graceMs} ms` }
  } catch (error) {
    world.signal.throwIfAborted()
    return { succeeded: false, message: messageOf(error) }
  }
}
