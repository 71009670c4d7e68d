import type { PodUid } from '../api/names.ts'
import type { HandlerTarget, ProbeTarget, SleepTarget } from '../kubelet/handlers.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { TransportError } from '../transport/transport.ts'
import type { Clock } from './clock.ts'
import { after } from './clock.ts'

/** Where a probe or a hook runs. */
export interface HandlerPlace {
  readonly runtime: Runtime
  readonly uid: PodUid
  readonly container: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}

export interface HandlerResult {
  readonly succeeded: boolean
  readonly message: string
}

/** Runs it once. The world's refusals are results; rejects only when the signal is aborted or the node cannot be asked. */
export async function runProbe(target: ProbeTarget, place: HandlerPlace): Promise<HandlerResult> {
  switch (target.kind) {
    case 'exec':
      return runExec(target.command, place)
    case 'http':
      return settled(place, async () => {
        const { httpGet } = await import('./httpGet.ts')
        const answer = await httpGet(target, place.runtime, place.signal)
        return { succeeded: answer.status >= 200 && answer.status < 400, message: answer.message }
      })
    case 'grpc':
      return settled(place, async () => {
        const { grpcHealth } = await import('./grpcHealth.ts')
        return grpcHealth(target, place.runtime, place.signal)
      })
    case 'tcp':
      return settled(place, async () => {
        const connection = await place.runtime.connect(target.host, target.port, place.signal)
        connection.destroy()
        return { succeeded: true, message: `connected to ${target.host}:${target.port}` }
      })
    default:
      return target satisfies never
  }
}

/** A hook's http request succeeds with any answer, as in the kubelet: only a probe looks at the status. */
export async function runHook(
  target: HandlerTarget | SleepTarget,
  place: HandlerPlace,
): Promise<HandlerResult> {
  switch (target.kind) {
    case 'sleep':
      await place.clock.sleepUntil(after(place.clock.now(), target.ms), place.signal)
      place.signal.throwIfAborted()
      return { succeeded: true, message: `slept ${target.ms} ms` }
    case 'http':
      return settled(place, async () => {
        const { httpGet } = await import('./httpGet.ts')
        const answer = await httpGet(target, place.runtime, place.signal)
        return { succeeded: true, message: answer.message }
      })
    case 'exec':
    case 'tcp':
      return runProbe(target, place)
    default:
      return target satisfies never
  }
}

async function runExec(command: readonly string[], place: HandlerPlace): Promise<HandlerResult> {
  const { runtime, uid, container, timeoutMs } = place
  const limit = timeoutMs === undefined ? {} : { timeoutMs }
  const result = await runtime.exec({ uid, container, command, ...limit }, place.signal)
  if (result.timedOut) return { succeeded: false, message: `command ${JSON.stringify(command)} timed out` }
  const output = result.output.trim()
  if (result.exitCode === 0) return { succeeded: true, message: output }
  return {
    succeeded: false,
    message: `command ${JSON.stringify(command)} exited with ${result.exitCode}: ${output}`,
  }
}

async function settled(place: HandlerPlace, work: () => Promise<HandlerResult>): Promise<HandlerResult> {
  try {
    return await work()
  } catch (error) {
    place.signal.throwIfAborted()
    if (error instanceof TransportError) throw error
    return { succeeded: false, message: error instanceof Error ? error.message : String(error) }
  }
}
