import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { basename, dirname, join } from 'node:path'

/** What a root has in the kernel and on the machine: empty before the first pod, and again after the last. */
export interface MachineTraces {
  readonly mounts: readonly string[]
  readonly processes: readonly string[]
  readonly links: readonly string[]
  readonly tables: readonly string[]
  readonly cgroups: readonly string[]
  readonly folders: readonly string[]
}

export const NO_TRACES: MachineTraces = {
  mounts: [],
  processes: [],
  links: [],
  tables: [],
  cgroups: [],
  folders: [],
}

/** As the engine names things after a root: eight hex letters of its real path's hash. */
export function rootIdOf(root: string): string {
  return createHash('sha256').update(realRoot(root)).digest('hex').slice(0, 8)
}

/** Only what belongs to this root: other tests run beside. The root's own folder is not looked at. */
export function machineTraces(root: string): MachineTraces {
  const id = rootIdOf(root)
  const real = realRoot(root)
  const names = (text: string) => text.includes(`${real}/`) || text.includes(id)
  return {
    mounts: read('/proc/self/mountinfo').split('\n').filter(names),
    processes: processesWith(names),
    links: links(names),
    tables: tables().filter(names),
    cgroups: cgroupFolders().filter(names),
    folders: namesIn('/run/reconcile')
      .map((name) => `/run/reconcile/${name}`)
      .filter(names),
  }
}

/** Also of a root that is not there any more: then as it is written. */
function realRoot(root: string): string {
  if (existsSync(root)) return realpathSync(root)
  const parent = dirname(root)
  return existsSync(parent) ? join(realpathSync(parent), basename(root)) : root
}

function processesWith(names: (text: string) => boolean): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`)
    .filter((line) => names(line) && !/vitest|engine\/main\.ts/.test(line))
}

/** Bridges, and the pods' ends of pairs, which hang on them. */
function links(names: (text: string) => boolean): readonly string[] {
  const bridges = namesIn('/sys/class/net').filter((link) => link.startsWith('rc-') && names(link))
  return bridges.flatMap((bridge) => [bridge, ...namesIn(`/sys/class/net/${bridge}/brif`)])
}

function tables(): readonly string[] {
  return execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }).split('\n')
}

function cgroupFolders(): readonly string[] {
  const top = '/sys/fs/cgroup'
  return [top, ...namesIn(top).map((name) => `${top}/${name}`)].flatMap((hierarchy) =>
    namesIn(hierarchy)
      .filter((name) => name.startsWith('reconcile-'))
      .map((name) => `${hierarchy}/${name}`),
  )
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted()
  } catch {
    return []
  }
}

/** Empty when it is gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
