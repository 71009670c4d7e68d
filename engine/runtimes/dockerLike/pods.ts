import type { CreatePodRequest } from '../../api/cri.ts'
import type { PodUid } from '../../api/names.ts'
import { RuntimeFailure } from '../runtime.ts'
import { makeSandbox, type SandboxParts } from '../oci/pods/makeSandbox.ts'
import { type PodFiles, readPodFiles } from '../oci/pods/podFiles.ts'
import { forgetFolderless, writeRecord } from '../oci/pods/podRecord.ts'
import { disarmPod, releasePod as releaseSandbox, removePod as removeSandbox } from '../oci/pods/removePod.ts'
import { containerName } from './names.ts'
import { settleEnd } from './ends.ts'
import { removeContainers, type ToolNode } from './tool.ts'

export async function createPod(
  node: ToolNode,
  request: CreatePodRequest,
  signal?: AbortSignal,
): Promise<void> {
  const { paths, transport } = node
  if (request.userNamespace === true)
    throw new RuntimeFailure(
      'CreatePodSandboxError',
      `hostUsers: false: ${node.tool.name} nodes do not have it`,
      {
        certain: true,
      },
    )
  const record = async () => {
    await forgetFolderless(transport, paths, request.record)
    await writeRecord(transport, paths, request.record)
  }
  const [context] = await Promise.all([node.context(), record()])
  const { beside = Promise.resolve(), ...own } = node.podParts(request, signal)
  const parts: SandboxParts = {
    ...own,
    endContainers: async (_, uid) => await endContainers(node, uid, signal),
  }
  const all = [makeSandbox(context, request, parts, signal), beside, node.masqueraded()]
  // Also when one has failed: whoever takes the pod away then must find nothing still being made.
  await Promise.allSettled(all)
  await Promise.all(all)
}

/** Of a pod whose sandbox is to be made again: the program must not restart them in what is left of the old one, nor what stands beside them lead there. */
async function endContainers(node: ToolNode, uid: PodUid, signal?: AbortSignal): Promise<void> {
  await disarmPod(await node.context(), uid, signal)
  const files = await readPodFiles(node.transport, node.paths, uid)
  if (files === undefined || !(await node.isThere())) return
  await settleAll(node, files)
  const failing = { reason: 'KillPodSandboxError', doing: "ending the pod's containers", signal }
  await removeContainers(node, [...namesOf(files), ...node.inspectedBeside(uid)], failing)
}

function namesOf({ containers, uid }: PodFiles): readonly string[] {
  return [...containers].flatMap(([container, { attempts }]) =>
    [...attempts.keys()].map((attempt) => containerName(uid, container, attempt)),
  )
}

/** How they have ended, or are about to, is on record before the program forgets them. */
async function settleAll(node: ToolNode, files: PodFiles): Promise<void> {
  for (const container of files.containers.keys()) await settleEnd(node, files, container, { isEnding: true })
}

export async function releasePod(node: ToolNode, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const context = await node.context()
  const files = await readPodFiles(node.transport, node.paths, uid)
  if (files !== undefined) {
    await settleAll(node, files)
    await node.saveLogs?.(namesOf(files))
  }
  await node.endContainers(uid, signal)
  await releaseSandbox(context, uid, signal)
}

export async function removePod(node: ToolNode, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const context = await node.context()
  await node.endContainers(uid, signal)
  await removeSandbox(context, uid, signal)
}
