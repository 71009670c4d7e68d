import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface RunningContainer {
  readonly pid: number
  /** The first process's command line. */
  readonly command: string
  /** What it is called by conmon: the id that `runc list` shows. */
  readonly id: string
}

/**
 * The containers of a root, told by the kernel and not by the engine: the children of every conmon whose command line
 * names the root.
 */
export async function runningContainers(root: string): Promise<readonly RunningContainer[]> {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const monitors = new Map<string, string>()
  for (const pid of processes) {
    const argv = read(`/proc/${pid}/cmdline`).split('\0')
    if (argv[0]?.endsWith('conmon') && argv.some((arg) => arg.includes(root))) {
      monitors.set(pid, argv[argv.indexOf('--cid') + 1] ?? argv[argv.indexOf('-c') + 1] ?? '')
    }
  }
  return processes
    .flatMap((pid) => {
      const parent = /^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? ''
      const id = monitors.get(parent)
      const state = /^State:\s+(\w)/m.exec(read(`/proc/${pid}/status`))?.[1]
      if (id === undefined || state === 'Z' || !existsSync(`/proc/${pid}`)) return []
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
      // conmon's other child is the exit hook.
      return command.includes('hook.sh') || command.includes('/hook/')
        ? []
        : [{ pid: Number(pid), command, id }]
    })
    .toSorted((a, b) => a.pid - b.pid)
}

/** Empty when the process is gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
