/**
 * Kubernetes lets anybody write a condition of a pod through its API. Here a commit says it, `TYPE=STATUS` with commas between, as in
 * `reconcile.dev/conditions: "example.com/traffic=True, warm=False"`, or somebody does with `reconcile condition`.
 */
export const CONDITIONS_ANNOTATION = 'reconcile.dev/conditions'

export type ConditionStatus = 'True' | 'False' | 'Unknown'

/** By type; a part that cannot be read says nothing. */
export function saidConditions(text: string | undefined): ReadonlyMap<string, ConditionStatus> {
  const said = new Map<string, ConditionStatus>()
  for (const part of parts(text ?? '')) {
    const [type = '', status = ''] = part.split('=', 2).map((word) => word.trim())
    if (type !== '' && isStatus(status)) said.set(type, status)
  }
  return said
}

/** Undefined: every part of it says a condition. */
export function conditionsProblem(text: string): string | undefined {
  const wrong = parts(text).find((part) => saidConditions(part).size === 0)
  if (wrong === undefined) return undefined
  return `must be TYPE=True, TYPE=False or TYPE=Unknown, with commas between; not ${JSON.stringify(wrong)}`
}

/** As `saidConditions` reads it. */
export function conditionsText(said: ReadonlyMap<string, ConditionStatus>): string {
  return [...said].map(([type, status]) => `${type}=${status}`).join(', ')
}

function parts(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function isStatus(text: string): text is ConditionStatus {
  return text === 'True' || text === 'False' || text === 'Unknown'
}
