import type { Desired } from '../api/snapshot.ts'
import { inForceAfter } from '../api/sync.ts'
import type { JudgeOptions } from './judge.ts'
import type { Taken } from './site.ts'

/** On the disk, before anything is done about it: that a commit is in force, and by which rule the next one is judged. */
export async function putOnRecord(desired: Desired, options: JudgeOptions): Promise<Taken> {
  const { memory, site } = options
  const isFirst = site.record() === undefined
  const { runtime } = await site.machine(desired)
  const change = (): Promise<void> =>
    memory.change((before) => inForceAfter(before, desired), desired.commit, { ...options, runtime })
  // There is no place for it before the first one.
  if (!isFirst) return (await Promise.all([site.take(desired), change()]))[0]
  const taken = await site.take(desired)
  await change()
  return taken
}
