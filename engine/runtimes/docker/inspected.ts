import { dirname } from 'node:path'
import { goInstant, type Inspected } from '../dockerLike/inspected.ts'
import { isObject, parseJson } from '../oci/json.ts'

/** What `inspectArgs` prints. */
export function parseInspected(stdout: string): ReadonlyMap<string, Inspected> {
  const all = stdout.split('\n').flatMap((line) => parseLine(line) ?? [])
  return new Map(all.map((one) => [one.name, one]))
}

function parseLine(line: string): Inspected | undefined {
  const [, name, id, log = '', upper = '', restarts, parent, text] =
    /^"\/([^"]+)" "([^"]+)" "([^"]*)" (?:"([^"]*)"|null) (\d+) "([^"]*)" (\{.*\})$/.exec(line) ?? []
  const state = parseJson(text ?? '')
  if (name === undefined || id === undefined || !isObject(state)) return undefined
  const startedAt = goInstant(state['StartedAt'])
  const finishedAt = goInstant(state['FinishedAt'])
  const pid = Number(state['Pid'] ?? 0)
  return {
    name,
    folder: log === '' ? '' : dirname(log),
    upper,
    restarts: Number(restarts),
    status: String(state['Status']),
    pid,
    // The daemon's own business.
    monitor: pid,
    exitCode: Number(state['ExitCode']),
    oomKilled: state['OOMKilled'] === true,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    cgroup: `${parent}/${id}`,
  }
}
