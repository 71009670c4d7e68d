import { planText } from '../planner/text.ts'
import type { Logger } from '../reconciler/logger.ts'
import type { LoopState } from '../reconciler/loop.ts'
import type { ProgressEvent } from '../reconciler/progress.ts'
import { counted } from './counted.ts'
import type { Invocation } from './invocation.ts'
import { openLog } from './log.ts'
import { createProgress, type Progress } from './progress.ts'
import { type Changed, createCounter } from './summary.ts'
import type { World } from './world.ts'

/** What people see of a run while it is under way: the plan, then what comes of it. */
export interface RunReport {
  readonly log: Logger
  event(event: ProgressEvent): void
  tick(state: LoopState): void
  /** From here on something is shown: what has happened since the beginning comes first. */
  begin(): void
  /** Takes a picture away; what the run did to pods. */
  end(): Changed
}

/** Of the plan that is shown before it is carried out: the rest is what happens. */
const PLAN_LINES_MAX = 40

export function createRunReport(invocation: Invocation, world: World): RunReport {
  const isJson = invocation.text('log-format') === 'json'
  const progress = createProgress(isJson ? 'json' : 'text', world)
  const counter = createCounter()
  const log = openLog(invocation, world, (line) => progress.print(line))
  const early: ProgressEvent[] = []
  let first: LoopState | undefined
  let begun = false
  const show = (state: LoopState): void => {
    if (!isJson) showPlan(state, progress)
    for (const event of early.splice(0)) progress.event(event)
    progress.tick(state)
  }
  return {
    log,
    event(event) {
      counter.event(event)
      // What is told before the first tick ends comes after the plan that it belongs to.
      if (begun && first !== undefined) progress.event(event)
      else early.push(event)
    },
    tick(state) {
      const isFirst = first === undefined
      first ??= state
      if (!begun) return
      if (isFirst) show(state)
      else progress.tick(state)
    },
    begin() {
      begun = true
      if (first !== undefined) show(first)
    },
    end() {
      progress.end()
      return counter.changed()
    },
  }
}

function showPlan({ plan }: LoopState, progress: Progress): void {
  if (plan === undefined || plan.actions.length === 0) return
  const lines = planText(plan).trimEnd().split('\n')
  for (const line of lines.slice(0, PLAN_LINES_MAX)) progress.print(line)
  if (lines.length > PLAN_LINES_MAX) {
    progress.print(
      `... and ${counted(lines.length - PLAN_LINES_MAX, 'line')} more; reconcile plan shows all of them`,
    )
    progress.print(lines.at(-1) ?? '')
  }
  progress.print('')
}
