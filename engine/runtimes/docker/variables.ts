import { RuntimeFailure } from '../runtime.ts'
import type { GivenVariables } from '../dockerLike/tool.ts'

/** docker's own command reads these: they would be another docker's. */
const OWN = /^(?:DOCKER_|HOME$|PATH$|LC_|LANG$)/

/** docker takes the value of a variable that is named without one from its own environment, which root alone can read. */
export function variableFlags(entries: readonly string[]): GivenVariables {
  const pairs = entries.map(
    (entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] as const,
  )
  const bad = pairs.find(([name]) => OWN.test(name))
  if (bad !== undefined) {
    const text = `the variable ${bad[0]} has a value that no line can hold, and docker's own command reads it: give it in one line of less than 60 kB`
    throw new RuntimeFailure('CreateContainerError', text, { certain: true })
  }
  return { flags: pairs.flatMap(([name]) => ['--env', name]), env: Object.fromEntries(pairs) }
}
