import type { HookRecord, PodRecord } from '../../api/records.ts'
import type { HandlerResult } from '../handlers.ts'
import type { ActionWorld } from './world.ts'

export interface HookEnd {
  readonly container: string
  readonly hook: 'postStart' | 'preStop'
  readonly result: HandlerResult
  readonly at: Temporal.Instant
}

/** The record with how a hook ended. A hook whose start is not on record has nothing to add to. */
function withHookEnd(record: PodRecord, end: HookEnd): PodRecord {
  const container = record.containers[end.container]
  const started = container?.[end.hook]
  if (container === undefined || started === undefined) return record
  const ended: HookRecord = {
    startedAt: started.startedAt,
    endedAt: end.at.toString(),
    ...(end.result.succeeded ? {} : { failure: end.result.message }),
  }
  return {
    ...record,
    generation: record.generation + 1,
    containers: { ...record.containers, [end.container]: { ...container, [end.hook]: ended } },
  }
}

/** Writes the ends of hooks that run side by side, one after the other, each on top of the one before. */
export function hookEnds(first: PodRecord, world: ActionWorld): (end: HookEnd) => Promise<void> {
  let record = first
  let last = Promise.resolve()
  return (end) => {
    const write = last.then(() => {
      record = withHookEnd(record, end)
      return world.promptly(() => world.runtime.writePodRecord(record, world.signal))
    })
    last = write.catch(() => undefined)
    return write
  }
}
