import type { Plan } from '../api/plan.ts'

/** The plan itself as something that JSON.stringify takes. */
export function planJson(plan: Plan): unknown {
  return {
    actions: plan.actions,
    verdicts: plan.verdicts,
    changes: Object.fromEntries(plan.changes),
    statuses: Object.fromEntries(plan.statuses),
    ...(plan.leftAlone && { leftAlone: Object.fromEntries(plan.leftAlone) }),
    ...(plan.kept && { kept: Object.fromEntries(plan.kept) }),
    violations: plan.violations,
    ...(plan.requeueAt === undefined ? {} : { requeueAt: plan.requeueAt.toString() }),
  }
}
