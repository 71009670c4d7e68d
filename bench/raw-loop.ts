import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { timed } from './measure.ts'

const SCRIPT = new URL('raw-loop.sh', import.meta.url).pathname
const PARALLEL = 8

/** The raw loop with the engine's own image layer, runtime and limits. */
export interface RawLoop {
  readonly folder: string
  readonly layer: string
  readonly runtime: string
}

export async function rawUp(loop: RawLoop, count: number): Promise<number> {
  mkdirSync(loop.folder, { recursive: true })
  writeFileSync(join(loop.folder, 'config.template'), JSON.stringify(specTemplate()))
  return (await timed(argv('up', loop, count))).ms
}

export async function rawDown(loop: RawLoop, count: number): Promise<number> {
  return (await timed(argv('down', loop, count))).ms
}

function argv(what: 'up' | 'down', loop: RawLoop, count: number): readonly [string, ...string[]] {
  return ['bash', SCRIPT, what, loop.folder, String(count), String(PARALLEL), loop.layer, loop.runtime]
}

/** cpu 100m and 32Mi, as in the manifests; the default capabilities; no seccomp filter, which costs the engine and not the loop. */
function specTemplate(): unknown {
  const capabilities = [
    'CAP_CHOWN',
    'CAP_DAC_OVERRIDE',
    'CAP_FOWNER',
    'CAP_KILL',
    'CAP_SETGID',
    'CAP_SETUID',
    'CAP_NET_BIND_SERVICE',
  ]
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['sleep', '3600'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    root: { path: 'rootfs' },
    hostname: '@ID@',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666'],
      },
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'shm',
        options: ['nosuid', 'noexec', 'nodev', 'size=65536k'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
    ],
    linux: {
      cgroupsPath: '/raw-loop/@ID@',
      namespaces: [
        { type: 'pid' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'mount' },
        { type: 'network', path: '/run/netns/@ID@' },
      ],
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        memory: { limit: 32 * 1024 * 1024 },
        cpu: { quota: 10_000, period: 100_000, shares: 102 },
      },
    },
  }
}

/** A copy of an image's one layer, so that the loop does not stand on the engine's folders. */
export function copyLayer(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true })
}
