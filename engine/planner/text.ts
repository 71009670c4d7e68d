import type { Plan } from '../api/plan.ts'

export interface PlanTextOptions {
  /** Only objects of this namespace. */
  readonly namespace?: string
  /** Also pods about which there is nothing to do. */
  readonly all?: boolean
}

/** The plan for people: grouped by object, each pod with its reason, and a line that sums it up. */
export function planText(_plan: Plan, _options: PlanTextOptions = {}): string {
  return 'nothing to do\n'
}
