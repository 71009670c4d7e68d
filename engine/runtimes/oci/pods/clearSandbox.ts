import { setTimeout } from 'node:timers/promises'
import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { runOrFail } from '../commands.ts'
import { locked } from '../hook/hookCommands.ts'
import { nodeCgroupDirectories } from '../node/prepareNode.ts'
import type { PodPaths } from '../paths.ts'
import { podPaths } from '../paths.ts'
import { programOf } from './program.ts'
import { deleteCommand } from '../runtimeCommands.ts'
import type { SandboxContext } from './sandbox.ts'
import { detach } from './attach.ts'

/** Gives back all that is not on the disk, from whatever state it was left in. Its containers have ended. */
export async function clearSandbox(
  context: SandboxContext,
  uid: PodUid,
  signal?: AbortSignal,
): Promise<void> {
  const { facts, paths, transport } = context
  const pod = podPaths(paths, uid)
  if ((await transport.stat(pod.run)) !== undefined) {
    await endPause(context, uid, pod, signal)
    await detach(context, uid, pod, signal)
    await transport.remove(pod.run)
  }
  const left = await transport.removeEmpty([
    ...nodeCgroupDirectories(facts, `${pod.cgroup}/pause`),
    ...nodeCgroupDirectories(facts, pod.cgroup),
  ])
  for (const path of left) if (!(await removeGroups(transport, path))) await empty(transport, path, signal)
}

const EMPTY_MS_MAX = 2_000
const EMPTY_LOOK_MS = 50

/**
 * podman may have begun a container once more in the moment in which it was told to remove it, and have forgotten it. Monitors end with
 * their containers. What does not end in time is told by whoever takes away all of the root.
 */
async function empty(transport: Transport, path: string, signal?: AbortSignal): Promise<void> {
  const until = performance.now() + EMPTY_MS_MAX
  do {
    const files = await transport.readTree(path, { names: new Set(['cgroup.procs']), depth: 4 })
    const inside = files.filter((file) => !file.path.startsWith('conmon/'))
    const processes = inside.flatMap(({ content = '' }) => content.split('\n').filter((pid) => pid !== ''))
    for (const pid of new Set(processes)) await transport.signal(Number(pid), 9)
    await setTimeout(EMPTY_LOOK_MS, undefined, signal === undefined ? {} : { signal })
  } while (!(await removeGroups(transport, path)) && performance.now() < until)
}

/** Of containers that their runtime does not know any more, since its state was removed. One that somebody is in stays. */
export async function removeGroups(transport: Transport, path: string): Promise<boolean> {
  const groups = await transport.readTree(path, { names: new Set(), depth: 4 })
  const deepestFirst = groups.map((group) => `${path}/${group.path}`).toReversed()
  return (await transport.removeEmpty([...deepestFirst, path])).length === 0
}

async function endPause(
  context: SandboxContext,
  uid: PodUid,
  pod: PodPaths,
  signal?: AbortSignal,
): Promise<void> {
  const { facts, transport } = context
  if ((await transport.stat(`${facts.program.state}/${uid}`)) === undefined) return
  const failing = { reason: 'KillPodSandboxError', doing: "ending the pod's pause process" }
  const program = await programOf(context, uid, facts.program)
  await runOrFail(transport, locked(pod.lock, deleteCommand(program, uid)), failing, signal)
}
