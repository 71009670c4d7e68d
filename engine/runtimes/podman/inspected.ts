import { goInstant, type Inspected } from '../dockerLike/inspected.ts'
import { isObject, parseJson } from '../oci/json.ts'

export function parseInspected(stdout: string): ReadonlyMap<string, Inspected> {
  const all = stdout.split('\n').flatMap((line) => parseLine(line) ?? [])
  return new Map(all.map((one) => [one.name, one]))
}

function parseLine(line: string): Inspected | undefined {
  const [, name, folder, upper = '', restarts, text] =
    /^"([^"]+)" "([^"]+)" "([^"]*)" (\d+) (\{.*\})$/.exec(line) ?? []
  const state = parseJson(text ?? '')
  if (name === undefined || folder === undefined || !isObject(state)) return undefined
  const startedAt = goInstant(state['StartedAt'])
  const finishedAt = goInstant(state['FinishedAt'])
  return {
    name,
    folder,
    upper,
    restarts: Number(restarts),
    status: String(state['Status']),
    pid: Number(state['Pid'] ?? 0),
    monitor: Number(state['ConmonPid'] ?? 0),
    exitCode: Number(state['ExitCode']),
    oomKilled: state['OOMKilled'] === true,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    cgroup: typeof state['CgroupPath'] === 'string' ? state['CgroupPath'] : '',
  }
}
