import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PAUSE } from '../../engine/runtimes/oci/pods/pause.ts'
import { machineTraces, rootIdOf } from './machine.ts'

const SHIM = 'containerd-shim-runc-v2'

const TOOL = /^\S*(?:conmon|podman|crun|runc|hook\.sh)(?: |$)/

export interface RunningContainer {
  readonly pid: number
  /** The first process's command line. */
  readonly command: string
  /** What it is called by conmon: the id that `runc list` shows. */
  readonly id: string
  /** The process id of its conmon. */
  readonly monitor: number
}

/**
 * The containers of a root, told by the kernel and not by the engine: the children of every conmon whose command line
 * names the root, and those of docker's shims that are in the root's control groups.
 */
export async function runningContainers(root: string): Promise<readonly RunningContainer[]> {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const monitors = new Map<string, string>()
  for (const pid of processes) {
    const argv = read(`/proc/${pid}/cmdline`).split('\0')
    // podman gives each command in a container (a probe's, too) a conmon of its own.
    const isOfCommand = argv.includes('--exec-process-spec')
    if (argv[0]?.endsWith('conmon') && !isOfCommand && argv.some((arg) => arg.includes(root))) {
      monitors.set(pid, argv[argv.indexOf('--cid') + 1] ?? argv[argv.indexOf('-c') + 1] ?? '')
    }
    if (argv[0]?.endsWith(SHIM)) monitors.set(pid, argv[argv.indexOf('-id') + 1] ?? '')
  }
  const rootId = rootIdOf(root)
  const isOurs = (pid: string, monitor: string) =>
    !read(`/proc/${monitor}/cmdline`).includes(SHIM) || read(`/proc/${pid}/cgroup`).includes(rootId)
  return processes
    .flatMap((pid) => {
      const parent = /^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? ''
      const id = monitors.get(parent)
      const state = /^State:\s+(\w)/m.exec(read(`/proc/${pid}/status`))?.[1]
      if (id === undefined || state === 'Z' || !existsSync(`/proc/${pid}`) || !isOurs(pid, parent)) return []
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
      // conmon's other children are the programs that make and clear up, and the exit hook; and docker's containers have one beside them that only waits.
      return [SHIM, '/hook/', PAUSE].some((part) => command.includes(part)) || TOOL.test(command)
        ? []
        : [{ pid: Number(pid), command, id, monitor: Number(parent) }]
    })
    .toSorted((a, b) => a.pid - b.pid)
}

/** The command lines of whatever runs in a root's cgroups, its conmon gone or not; sorted. */
export function processesOf(root: string): readonly string[] {
  const pids = new Set(machineTraces(root).cgroups.flatMap(pidsBelow))
  return [...pids]
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim())
    .filter((command) => command !== '')
    .toSorted()
}

function pidsBelow(group: string): readonly string[] {
  const own = read(join(group, 'cgroup.procs')).split('\n').filter(Boolean)
  return [...own, ...foldersIn(group).flatMap((name) => pidsBelow(join(group, name)))]
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
}

/** Empty when the process is gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
