import type { RunCommand } from '../commands.ts'
import { deletePod } from '../deletePod.ts'
import { findPod } from '../pods.ts'
import { emptyDesired, openMachine, openUsedStation, tryLock } from '../station.ts'
import { timeoutOf } from '../timeout.ts'

export const run: RunCommand = async (invocation, world) => {
  const timeoutMs = timeoutOf(invocation)
  const station = await openUsedStation(invocation, world)
  const machine = await openMachine(station, undefined, world)
  const pod = await findPod(invocation.arguments[0] ?? '', invocation, machine.runtime, world)
  const lock = async (): Promise<AsyncDisposable | undefined> => {
    const result = await tryLock(station, world)
    return result.kind === 'locked' ? result.lock : undefined
  }
  const desired = emptyDesired(station.record)
  return await deletePod(pod, { machine, desired, timeoutMs, lock }, invocation, world)
}
