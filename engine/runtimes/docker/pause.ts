import { setTimeout } from 'node:timers/promises'
import type { PodUid } from '../../api/names.ts'
import type { Transport } from '../../transport/transport.ts'
import { labelFlags } from '../dockerLike/commands.ts'
import type { Labels } from '../dockerLike/labels.ts'
import { inspected } from '../dockerLike/look.ts'
import { podName } from '../dockerLike/names.ts'
import { type Asking, remove, type ToolNode } from '../dockerLike/tool.ts'
import { runOrFail } from '../oci/commands.ts'
import { PROGRAM_FOLDERS } from '../oci/node/hostBundle.ts'
import { PAUSE } from '../oci/pods/pause.ts'
import { RuntimeFailure } from '../runtime.ts'
import { inodesCommand } from './commands.ts'
import { mountText } from './runArgs.ts'

/** Of an empty archive: what runs in it are the node's own programs. */
export const PAUSE_IMAGE = 'reconcile.dev/pause:1'

export interface PauseParts {
  readonly uid: PodUid
  readonly labels: Labels
  readonly hostname: string
  readonly cgroupParent: string
  /** Files that the pod's namespaces are pinned to. */
  readonly pins: readonly Pin[]
  /** Of the node's programs. */
  readonly folders: readonly string[]
}

export interface Pin {
  readonly namespace: 'net' | 'ipc' | 'uts'
  readonly path: string
}

/**
 * docker lets a container join another container's namespaces, and none that are pinned to files: so there is one that enters those first, and
 * then may do nothing any more. It is no more than the way to them: they outlive it.
 */
export function pauseArgs({
  cgroupParent,
  folders,
  hostname,
  labels,
  pins,
  uid,
}: PauseParts): readonly string[] {
  const mount = (source: string, destination: string): readonly string[] => [
    '--mount',
    mountText({ source, destination, readOnly: true, propagation: 'rprivate' }),
  ]
  const enter = ['nsenter', ...pins.map(({ namespace }) => `--${namespace}=/pins/${namespace}`)]
  const harmless = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs']
  const [program = '', ...args] = [...(pins.length > 0 ? enter : []), ...harmless, '/bin/sh', '-c', PAUSE]
  return [
    ...['run', '--detach', '--pull', 'never', '--name', podName(uid)],
    ...labelFlags(labels),
    // Should it not get as far as the pod's network, nobody may find the node's there.
    ...['--network', 'none', '--ipc', 'shareable', '--hostname', hostname],
    ...['--restart', 'no', '--log-driver', 'none', '--cgroup-parent', cgroupParent, '--cpu-shares', '2'],
    ...['--cap-drop', 'all', '--cap-add', 'CAP_SYS_ADMIN', '--cap-add', 'CAP_SETPCAP'],
    ...folders.flatMap((path) => mount(path, path)),
    ...pins.flatMap(({ namespace, path }) => mount(path, `/pins/${namespace}`)),
    ...['--entrypoint', program, PAUSE_IMAGE, ...args],
  ]
}

export async function programFolders(transport: Transport): Promise<readonly string[]> {
  const statuses = await Promise.all(PROGRAM_FOLDERS.map(async (path) => await transport.stat(path)))
  return PROGRAM_FOLDERS.filter((_, index) => statuses[index]?.kind === 'directory')
}

type Node = Pick<ToolNode, 'ask' | 'command' | 'isThere' | 'tell' | 'tool' | 'transport'>

/** Resolves to its process. Done twice it is done once. */
export async function ensurePause(
  node: Node,
  parts: Omit<PauseParts, 'folders'>,
  signal?: AbortSignal,
): Promise<number> {
  const name = podName(parts.uid)
  const asking = { reason: 'CreatePodSandboxError', doing: "starting the pod's pause container", signal }
  const there = (await inspected(node, [name], signal)).get(name)
  if (there?.status === 'running' && there.pid > 0) return await entered(node, there.pid, parts, asking)
  if (there !== undefined) await remove(node, node.tool.removeArgs([name]), asking)
  const folders = await programFolders(node.transport)
  await node.tell(pauseArgs({ ...parts, folders }), asking)
  const begun = (await inspected(node, [name], signal)).get(name)
  if (begun !== undefined && begun.pid > 0) return await entered(node, begun.pid, parts, asking)
  const end = begun === undefined ? 'and is gone' : `with exit code ${begun.exitCode}`
  throw new RuntimeFailure(
    asking.reason,
    `${asking.doing}: it ended at once ${end}; docker inspect ${name} on the node may tell why`,
  )
}

const LOOKS_MAX = 400
const LOOK_MS = 10

/** It takes a moment from its start to the namespaces: nobody may join it before. */
async function entered(
  { transport }: Node,
  pid: number,
  { pins }: Pick<PauseParts, 'pins'>,
  { doing, reason, signal }: Asking,
): Promise<number> {
  if (pins.length === 0) return pid
  const paths = pins.flatMap(({ namespace, path }) => [`/proc/${pid}/ns/${namespace}`, path])
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const { stdout } = await runOrFail(transport, inodesCommand(paths), { doing, reason }, signal)
    if (isEntered(stdout)) return pid
    await setTimeout(LOOK_MS, undefined, signal === undefined ? {} : { signal })
  }
  throw new RuntimeFailure(reason, `${doing}: it runs, and has not entered the pod's namespaces`)
}

/** Pairs of inodes, a line each. */
export function isEntered(stdout: string): boolean {
  const inodes = stdout.trim().split('\n')
  return inodes.every((inode, index) => index % 2 === 1 || inode === inodes[index + 1])
}
