import type { RunPostStart } from '../../api/plan.ts'
import { hookCommand } from '../../kubelet/hooks.ts'
import type { HandlerResult } from '../handlers.ts'
import { runHook } from '../handlers.ts'
import { problemOf } from '../problems.ts'
import { hookEnds } from './hookRecord.ts'
import type { ActionWorld } from './world.ts'

/** The start is on record before it runs, the end after: a hook that failed is kubelet/'s to judge. */
export async function runPostStart(action: RunPostStart, world: ActionWorld): Promise<void> {
  const { runtime, clock, signal } = world
  const { name: container } = action.container
  await world.attempt(container, async () => {
    await world.promptly(() => runtime.writePodRecord(action.record, signal))
    const result = await run(action, world)
    await hookEnds(action.record, world)({ container, hook: 'postStart', result, at: clock.now() })
    return undefined
  })
  world.done('')
}

const NO_TARGET = 'it has no target: its port or the address of the pod is not known'

async function run(action: RunPostStart, world: ActionWorld): Promise<HandlerResult> {
  const { runtime, clock, signal } = world
  const pod = world.pod()
  const container = action.container.name
  const context = { now: clock.now(), node: world.node(), desired: world.desired }
  const target = pod && hookCommand(pod, container, 'postStart', context)
  if (target === undefined) return { succeeded: false, message: NO_TARGET }
  try {
    return await runHook(target, { runtime, uid: action.uid, container, clock, signal })
  } catch (error) {
    signal.throwIfAborted()
    return { succeeded: false, message: problemOf(error, container).message }
  }
}
