import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { timed } from './measure.ts'

const SCRIPT = new URL('raw-loop.sh', import.meta.url).pathname
const PARALLEL = 8

/** The raw loop with the engine's own image layer, runtime and limits. */
export interface RawLoop {
  readonly folder: string
  readonly layer: string
  readonly runtime: string
  /** The config.json that the engine wrote for the same container; a copy, since the engine's goes with its pod. */
  readonly engineConfig: string
}

export async function rawUp(loop: RawLoop, count: number): Promise<number> {
  mkdirSync(loop.folder, { recursive: true })
  writeFileSync(join(loop.folder, 'config.template'), JSON.stringify(specTemplate(loop.engineConfig)))
  return (await timed(argv('up', loop, count))).ms
}

export async function rawDown(loop: RawLoop, count: number): Promise<number> {
  return (await timed(argv('down', loop, count))).ms
}

function argv(what: 'up' | 'down', loop: RawLoop, count: number): readonly [string, ...string[]] {
  return ['bash', SCRIPT, what, loop.folder, String(count), String(PARALLEL), loop.layer, loop.runtime]
}

interface Spec {
  readonly process: unknown
  readonly mounts: readonly { readonly type?: string }[]
  readonly linux: {
    readonly resources: unknown
    readonly seccomp: unknown
    readonly maskedPaths: unknown
    readonly readonlyPaths: unknown
  }
}

/**
 * The container that the engine makes, so that both have the kernel do the same: process, capabilities, limits, masked
 * paths and the seccomp filter, which alone costs runc some 8 ms. Left out is what only the engine has: the pod's files
 * (/etc/hosts and the like). `@ID@` stands for the pod's name.
 */
function specTemplate(engineConfig: string): unknown {
  const { linux, mounts, process } = JSON.parse(readFileSync(engineConfig, 'utf8')) as Spec
  const { maskedPaths, readonlyPaths, resources, seccomp } = linux
  return {
    ociVersion: '1.0.2',
    process,
    root: { path: 'rootfs' },
    hostname: '@ID@',
    mounts: mounts.filter(({ type }) => type !== 'bind'),
    linux: {
      cgroupsPath: '/raw-loop/@ID@',
      namespaces: [
        { type: 'pid' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'mount' },
        { type: 'network', path: '/run/netns/@ID@' },
      ],
      resources,
      seccomp,
      maskedPaths,
      readonlyPaths,
    },
  }
}

/** A copy of an image's one layer, so that the loop does not stand on the engine's folders. */
export function copyLayer(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true })
}

/** The raw loop with what a root of the engine holds, on which one pod at least is there. What it takes from there is copied below `folder`. */
export function rawLoopOf(root: string, folder: string): RawLoop {
  mkdirSync(folder, { recursive: true })
  const { rootId } = JSON.parse(readFileSync(join(root, 'root.json'), 'utf8')) as { readonly rootId: string }
  const runDir = `/run/reconcile/${rootId}`
  const [uid = ''] = readdirSync(join(runDir, 'pods'))
  const engineConfig = join(folder, 'engine-config.json')
  copyFileSync(join(runDir, 'pods', uid, 'containers', 'main', 'config.json'), engineConfig)
  const [layer] = readdirSync(join(root, 'layers'))
  if (layer === undefined) throw new Error(`no layer under ${root}/layers: nothing was pulled`)
  copyLayer(join(root, 'layers', layer), join(folder, 'layer'))
  // What the engine found to work on this machine, so that both run the same.
  const { path } = JSON.parse(readFileSync(join(runDir, 'runtime.json'), 'utf8')) as { readonly path: string }
  return { folder: join(folder, 'raw'), layer: join(folder, 'layer'), runtime: path, engineConfig }
}

/** The time of one pod, so many times. */
export async function rawPod(root: string, folder: string, runs: number): Promise<readonly number[]> {
  const loop = rawLoopOf(root, folder)
  const times: number[] = []
  for (let run = 0; run < runs; run += 1) {
    times.push(await rawUp(loop, 1))
    await rawDown(loop, 1)
  }
  return times
}
