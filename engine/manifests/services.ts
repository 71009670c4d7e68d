import { kinds } from './generated/support.ts'
import { type Finding, type Index, kindOf } from './standing.ts'

/** One warning for all Services of a commit, at the first of them: they are checked, and change nothing yet. */
export function services(index: Index): readonly Finding[] {
  const found = [...index.values()].filter((standing) => kindOf(standing) === 'Service')
  const [standing] = found
  if (standing === undefined) return []
  const number = found.length === 1 ? '' : ` (of ${found.length} Services this is the first)`
  const message = `${kinds.Service.noEffect ?? ''}${number}`
  return [{ standing, path: ['kind'], severity: 'warning', message }]
}
