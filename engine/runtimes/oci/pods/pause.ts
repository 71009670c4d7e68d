import type { CreatePodRequest } from '../../../api/cri.ts'
import type { PodUid } from '../../../api/names.ts'
import { runOrFail } from '../commands.ts'
import { writeHostBundle } from '../node/hostBundle.ts'
import { locked } from '../hook/hookCommands.ts'
import { readText } from '../node/node.ts'
import type { PodPaths } from '../paths.ts'
import { programOf } from './program.ts'
import { runDetachedCommand } from '../runtimeCommands.ts'
import type { SandboxContext } from './sandbox.ts'
import { USERS } from './users.ts'
import { linuxSeccomp } from '../spec/seccomp.ts'

/**
 * Waits for ever, and for every orphan of the pod: dash and bash both reap whatever ends below process 1. Closes what it
 * was started with, or whoever reads that would wait for ever, too.
 */
export const PAUSE = 'exec </dev/null >/dev/null 2>&1; trap "exit 0" TERM; sleep infinity & wait'

/**
 * Process 1 of a pid namespace that a pod's containers share. A container of its own, without capabilities and without
 * sight of the host: a container that may trace processes must find nothing in it.
 */
export async function startPause(
  context: SandboxContext,
  uid: PodUid,
  pod: PodPaths,
  request: CreatePodRequest,
  hostId: number | undefined,
  signal?: AbortSignal,
): Promise<number> {
  const { facts, transport } = context
  const pidFile = `${pod.pause}/pid`
  await writeHostBundle(transport, {
    directory: pod.pause,
    args: ['/bin/sh', '-c', PAUSE],
    cgroup: `${pod.cgroup}/pause`,
    namespaces: {
      net: request.hostNetwork ? undefined : pod.pins.net,
      ipc: request.hostIPC ? undefined : pod.pins.ipc,
      uts: request.hostNetwork ? undefined : pod.pins.uts,
    },
    userNamespace: hostId === undefined ? undefined : { path: pod.pins.user, hostId, size: USERS },
    cgroupNamespace: facts.cgroups.version === 'v2',
    seccomp: linuxSeccomp(facts.seccomp, [], facts.machine),
  })
  const failing = { reason: 'CreatePodSandboxError', doing: "starting the pod's pause process" }
  const command = runDetachedCommand(await programOf(context, uid, facts.program), pod.pause, pidFile, uid)
  await runOrFail(transport, locked(pod.lock, command), failing, signal)
  return Number(await readText(transport, pidFile))
}
