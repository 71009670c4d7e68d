import type { Container, ContainerRestartRule } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'

const RULES_MAX = 20
const EXIT_CODES_MAX = 255

/** A container's own restart policy, and its rules by exit code. */
export function checkRestarts(context: CheckContext, path: Path, container: Container): void {
  const rules = container.restartPolicyRules ?? []
  if (rules.length === 0) return
  const at = [...path, 'restartPolicyRules']
  if (container.restartPolicy === undefined) {
    context.error([...path, 'restartPolicy'], 'must be given when restartPolicyRules are')
  }
  if (rules.length > RULES_MAX) context.error(at, `must have no more than ${RULES_MAX} rules`)
  for (const [index, rule] of rules.entries()) checkRule(context, [...at, index], rule)
}

function checkRule(context: CheckContext, path: Path, rule: ContainerRestartRule): void {
  const { exitCodes } = rule
  if (exitCodes === undefined) return context.error([...path, 'exitCodes'], 'required field is missing')
  checkExitCodes(context, [...path, 'exitCodes', 'values'], exitCodes.values ?? [])
}

export function checkExitCodes(context: CheckContext, path: Path, values: readonly number[]): void {
  if (values.length === 0) context.error(path, 'must have at least one exit code')
  if (values.length > EXIT_CODES_MAX)
    context.error(path, `must have no more than ${EXIT_CODES_MAX} exit codes`)
  const seen = new Set<number>()
  for (const [index, value] of values.entries()) {
    if (seen.has(value)) context.error([...path, index], `${value} is there twice`)
    else if (value < 0 || value > 255)
      context.error([...path, index], `must be between 0 and 255, not ${value}`)
    seen.add(value)
  }
}
