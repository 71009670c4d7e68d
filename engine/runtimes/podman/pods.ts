import type { CreatePodRequest } from '../../api/cri.ts'
import { type PodUid, podUid } from '../../api/names.ts'
import { RuntimeFailure } from '../runtime.ts'
import { makeSandbox, type SandboxParts } from '../oci/pods/makeSandbox.ts'
import { type PodFiles, readPodFiles } from '../oci/pods/podFiles.ts'
import { forgetFolderless, writeRecord } from '../oci/pods/podRecord.ts'
import { disarmPod, releasePod as releaseSandbox, removePod as removeSandbox } from '../oci/pods/removePod.ts'
import { runOrFail } from '../oci/commands.ts'
import { podPaths } from '../oci/paths.ts'
import { containerName, hostnameCommand, podCreateArgs, podName, removeArgs } from './commands.ts'
import { settleEnd } from './ends.ts'
import { type PodmanNode, remove } from './node.ts'

export async function createPod(
  node: PodmanNode,
  request: CreatePodRequest,
  signal?: AbortSignal,
): Promise<void> {
  const { paths, transport } = node
  if (request.userNamespace === true)
    throw new RuntimeFailure('CreatePodSandboxError', 'hostUsers: false: podman nodes do not have it', {
      certain: true,
    })
  const record = async () => {
    await forgetFolderless(transport, paths, request.record)
    await writeRecord(transport, paths, request.record)
  }
  const [context] = await Promise.all([node.context(), record()])
  const podmanPod = createPodmanPod(node, request, signal)
  const parts: SandboxParts = {
    endContainers: async (_, uid) => await endContainers(node, uid, signal),
    complete: async () => {
      await podmanPod
      await nameHost(node, request, signal)
    },
  }
  const all = [makeSandbox(context, request, parts, signal), podmanPod, node.masqueraded()]
  // Also when one has failed: whoever takes the pod away then must find nothing still being made.
  await Promise.allSettled(all)
  await Promise.all(all)
}

/** An OCI runtime that is told of a host name sets it in the namespace that it joins; podman tells it of none then. */
async function nameHost(
  { paths, transport }: PodmanNode,
  { hostname, hostNetwork, record }: CreatePodRequest,
  signal?: AbortSignal,
): Promise<void> {
  if (hostNetwork) return
  const { pins } = podPaths(paths, podUid(record.pod.metadata.uid ?? ''))
  const failing = { reason: 'CreatePodSandboxError', doing: 'naming the pod' }
  await runOrFail(transport, hostnameCommand(pins.uts, hostname), failing, signal)
}

/** By its labels people find out whose it is. */
async function createPodmanPod(
  node: PodmanNode,
  { record }: CreatePodRequest,
  signal?: AbortSignal,
): Promise<void> {
  const { name = '', namespace = 'default', ownerReferences = [], uid = '' } = record.pod.metadata
  const [owner] = ownerReferences
  const labels = {
    'io.kubernetes.pod.namespace': namespace,
    'io.kubernetes.pod.name': name,
    'io.kubernetes.pod.uid': uid,
    'reconcile.dev/commit': record.commit,
    ...(owner !== undefined && { 'reconcile.dev/owner': `${owner.kind}/${owner.name}` }),
  }
  const asking = { reason: 'CreatePodSandboxError', doing: 'making the podman pod', signal }
  const result = await node.ask(podCreateArgs(podUid(uid), labels), asking)
  if (result.exitCode === 0 || /already exists|already in use/.test(result.stderr)) return
  const text = `making the podman pod ${podName(podUid(uid))}: ${result.stderr.trim()}`
  throw new RuntimeFailure('CreatePodSandboxError', text)
}

/** Of a pod whose sandbox is to be made again: podman must not restart them in what is left of the old one. */
async function endContainers(node: PodmanNode, uid: PodUid, signal?: AbortSignal): Promise<void> {
  await disarmPod(await node.context(), uid, signal)
  const files = await readPodFiles(node.transport, node.paths, uid)
  if (files === undefined || !(await node.isThere())) return
  await settleAll(node, files)
  const names = [...files.containers].flatMap(([container, { attempts }]) =>
    [...attempts.keys()].map((attempt) => containerName(uid, container, attempt)),
  )
  const failing = { reason: 'KillPodSandboxError', doing: "ending the pod's containers", signal }
  if (names.length > 0) await remove(node, removeArgs(names), failing)
}

/** How they have ended, or are about to, is on record before podman forgets them. */
async function settleAll(node: PodmanNode, files: PodFiles): Promise<void> {
  for (const container of files.containers.keys()) await settleEnd(node, files, container, { isEnding: true })
}

export async function releasePod(node: PodmanNode, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const context = await node.context()
  const files = await readPodFiles(node.transport, node.paths, uid)
  if (files !== undefined) await settleAll(node, files)
  await node.endContainers(uid, signal)
  await releaseSandbox(context, uid, signal)
}

export async function removePod(node: PodmanNode, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const context = await node.context()
  await node.endContainers(uid, signal)
  await removeSandbox(context, uid, signal)
}
