import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** What a root has in the kernel and on the machine: empty before the first pod, and again after the last. */
export interface MachineTraces {
  readonly mounts: readonly string[]
  readonly processes: readonly string[]
  readonly links: readonly string[]
  readonly tables: readonly string[]
  readonly cgroups: readonly string[]
  readonly folders: readonly string[]
}

export const NO_TRACES: MachineTraces = { mounts: [], processes: [], links: [], tables: [], cgroups: [], folders: [] }

/** As the engine names things after a root: eight hex letters of its real path's hash. */
export function rootIdOf(root: string): string {
  return createHash('sha256').update(realRoot(root)).digest('hex').slice(0, 8)
}

/** Only what belongs to this root: other tests run beside. The root's own folder is not looked at. */
export function machineTraces(root: string): MachineTraces {
  const id = rootIdOf(root)
  const real = realRoot(root)
  const names = (text: string) => text.includes(`${real}/`) || text.includes(`/run/reconcile/${id}`)
  return {
    mounts: read('/proc/self/mountinfo').split('\n').filter(names),
    processes: processesWith(names),
    links: links(id),
    tables: tables().filter((line) => line.includes(id)),
    cgroups: cgroupFolders(`reconcile-${id}`),
    folders: existsSync(`/run/reconcile/${id}`) ? [`/run/reconcile/${id}`] : [],
  }
}

function realRoot(root: string): string {
  return existsSync(root) ? realpathSync(root) : join(realpathSync(join(root, '..')), root.split('/').at(-1) ?? '')
}

function processesWith(names: (text: string) => boolean): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`)
    .filter((line) => names(line) && !/vitest|engine\/main\.ts/.test(line))
}

/** The bridge, and the pods' ends of pairs, which hang on it. */
function links(id: string): readonly string[] {
  const bridge = `rc-${id}`
  const all = readdirSync('/sys/class/net')
  if (!all.includes(bridge)) return []
  return [bridge, ...readdirSync(`/sys/class/net/${bridge}/brif`)].toSorted()
}

function tables(): readonly string[] {
  return execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }).split('\n')
}

function cgroupFolders(name: string): readonly string[] {
  const hierarchies = readdirSync('/sys/fs/cgroup').map((each) => `/sys/fs/cgroup/${each}`)
  return ['/sys/fs/cgroup', ...hierarchies].map((each) => `${each}/${name}`).filter((path) => existsSync(path))
}

/** Empty when it is gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
