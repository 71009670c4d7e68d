import type { ObservedNode } from '../api/snapshot.ts'
import { withLosses } from '../planner/losses.ts'
import { type Current, judgeCommit, type Judgement } from '../planner/rails.ts'
import { observeOnce } from '../reconciler/observeOnce.ts'
import type { Clock } from '../reconciler/clock.ts'
import type { Engine } from './engine.ts'
import type { Memory } from './memory.ts'
import type { Site } from './site.ts'
import type { Candidate } from './standing.ts'

export interface JudgeOptions {
  readonly site: Site
  readonly engine: Engine
  readonly memory: Memory
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** What the rails say of a commit, held against what runs now. */
export async function judge(candidate: Candidate, options: JudgeOptions): Promise<Judgement> {
  const { desired, pathGone } = candidate
  const current = await currentOf(candidate, options)
  return judgeCommit({ desired, ...(pathGone === true && { pathGone }) }, current)
}

/** Where no loop runs, the nodes are looked at for this alone. */
export async function currentOf(
  { desired }: Pick<Candidate, 'desired'>,
  options: JudgeOptions,
): Promise<Current> {
  const { clock, engine, memory, signal, site } = options
  if (engine.desired === undefined) {
    if (site.record() === undefined)
      return { observed: { nodes: new Map<never, ObservedNode>() }, records: new Map() }
    const { runtimes } = await site.machine(desired)
    const { observed, records } = withLosses(await observeOnce(runtimes, desired, clock, signal), clock.now())
    return { observed, records: memory.over(records) }
  }
  await engine.looked()
  const { snapshot } = engine.state()
  signal.throwIfAborted()
  if (snapshot === undefined) throw new Error('a loop that has looked has no snapshot')
  const { observed, records } = withLosses(snapshot, clock.now())
  return { observed, records: memory.over(records), inForce: engine.desired.objects }
}
