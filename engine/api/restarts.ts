import type { ExitRule, RestartRule } from './cri.ts'

export type AfterExit = 'restart' | 'restartAll' | 'stay'

/** What follows from an exit code, by the rules first and the policy then; the engine and the node's hook say the same. */
export function afterExit(rule: Pick<RestartRule, 'policy' | 'exitRules'>, exitCode: number): AfterExit {
  const found = rule.exitRules?.find((one) => fits(one, exitCode))
  if (found !== undefined) return found.action === 'Restart' ? 'restart' : 'restartAll'
  const restarts = rule.policy === 'Always' || (rule.policy === 'OnFailure' && exitCode !== 0)
  return restarts ? 'restart' : 'stay'
}

function fits({ operator, values }: ExitRule, exitCode: number): boolean {
  return values.includes(exitCode) === (operator === 'In')
}

const EXIT_CODE_MAX = 255

/** The exit codes after which the node does other than the policy says. */
export function exceptions(rule: Pick<RestartRule, 'policy' | 'exitRules'>): ExitCodeLists {
  const restart: number[] = []
  const stay: number[] = []
  if ((rule.exitRules ?? []).length === 0) return { restart, stay }
  for (let code = 0; code <= EXIT_CODE_MAX; code += 1) {
    const usual = afterExit({ policy: rule.policy }, code) === 'restart'
    const restarts = afterExit(rule, code) === 'restart'
    if (restarts && !usual) restart.push(code)
    if (!restarts && usual) stay.push(code)
  }
  return { restart, stay }
}

interface ExitCodeLists {
  readonly restart: readonly number[]
  readonly stay: readonly number[]
}
