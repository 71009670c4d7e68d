import type { PodUid } from '../../api/names.ts'
import type { Transport } from '../../transport/transport.ts'
import { askers } from '../dockerLike/askers.ts'
import { imageInspectArgs } from '../dockerLike/commands.ts'
import { podName } from '../dockerLike/names.ts'
import { seenKey, type ToolNode } from '../dockerLike/tool.ts'
import { runOrFail } from '../oci/commands.ts'
import { findProgram, missingPrograms } from '../oci/node/programs.ts'
import { ociNode, type OciRuntimeOptions } from '../oci/ociNode.ts'
import { once } from '../oci/once.ts'
import { rootPaths } from '../oci/paths.ts'
import { RuntimeFailure } from '../runtime.ts'
import {
  clockCommand,
  dockerCommand,
  eventsArgs,
  importArgs,
  infoArgs,
  pastEndsArgs,
  podContainersArgs,
  unfitness,
  versionArgs,
} from './commands.ts'
import { dockerChanges, endsOf } from './events.ts'
import { createDockerImages } from './images.ts'
import { dockerLogs } from './logs.ts'
import { PAUSE_IMAGE } from './pause.ts'
import { dockerHost, dockerPlace, preparePlace } from './place.ts'
import { dockerNamespaces, dockerPodParts, readyPod } from './pods.ts'
import { removeFound } from './remove.ts'
import { DOCKER } from './tool.ts'
import { variableFlags } from './variables.ts'

/** docker rotates logs itself. */
const KEEP_LOGS_MS = 60_000

export async function dockerNode(options: OciRuntimeOptions): Promise<ToolNode> {
  const { transport } = options
  const paths = await rootPaths(transport, options.root, options.runDir)
  const place = dockerPlace(paths)
  const host = await dockerHost(transport, place, options.environment?.['DOCKER_HOST'])
  const asked = askers(transport, (args, more) => dockerCommand(host, args, more))
  const seen: ToolNode['seen'] = new Map()
  const isThere = async () => (await transport.stat(place.host)) !== undefined
  const docker = { ...asked, isThere, paths, place, seen, tool: DOCKER, transport }
  const images = createDockerImages(docker, options)
  const base = await ociNode({ ...options, images })
  const look = once(async () => {
    const found = await base.look()
    const version = await dockerVersion(docker, host)
    return { ...found, info: { ...found.info, runtime: `docker ${version}, ${found.info.runtime}` } }
  })
  const facts = once(async () => {
    const { info } = await look()
    await assertFit(docker)
    const made = await base.facts()
    await preparePlace(transport, place, host, made.seccomp)
    await importPause(docker)
    return { ...made, info: { ...made.info, runtime: info.runtime } }
  })
  const endContainers = async (uid: PodUid, signal?: AbortSignal) => {
    if (!(await isThere())) return
    const asking = { reason: 'KillPodSandboxError', doing: "removing the pod's containers", signal }
    await removeFound(docker, podContainersArgs(uid), asking)
    for (const key of seen.keys()) if (key.startsWith(seenKey(uid, ''))) seen.delete(key)
  }
  return {
    ...base,
    ...docker,
    ...dockerLogs(docker),
    images,
    look,
    facts,
    context: async () => ({ ...(await base.context()), facts: await facts() }),
    endContainers,
    podParts: (request, signal) => dockerPodParts(docker, request, signal),
    namespaces: dockerNamespaces,
    readyPod: async (parts, signal) => await readyPod(docker, parts, signal),
    giveVariables: async (_, entries) => variableFlags(entries),
    isStranded: (uid, all) => all.get(podName(uid))?.status !== 'running',
    inspectedBeside: (uid) => [podName(uid)],
    ends: async (names) => {
      const now = (await runOrFail(transport, clockCommand(), ENDS)).stdout.trim()
      return endsOf((await docker.tell(pastEndsArgs(names, now), ENDS)).stdout)
    },
    changes: (signal) => dockerChanges(transport, docker.command(eventsArgs(paths.rootId)), signal),
    keepLogs: async () => KEEP_LOGS_MS,
    seccomp: place.seccomp,
  }
}

const ENDS = { reason: 'ContainerStatusError', doing: 'asking docker how containers have ended' }

async function dockerVersion(
  { ask, transport }: Pick<ToolNode, 'ask'> & { readonly transport: Transport },
  host: string,
): Promise<string> {
  if ((await findProgram(transport, 'docker')) === undefined) throw missingPrograms([['docker', 'docker.io']])
  if (!host.startsWith('unix://')) {
    const text = `DOCKER_HOST is ${host}: the daemon must be on the machine of the node itself, at a socket such as unix:///var/run/docker.sock`
    throw new RuntimeFailure('InvalidNode', text, { certain: true })
  }
  const { exitCode, stderr, stdout } = await ask(versionArgs(), {
    reason: 'InvalidNode',
    doing: 'asking docker for its version',
  })
  if (exitCode === 0) return stdout.trim()
  const text = `asking docker at ${host} for its version: ${stderr.trim()}; start it, with systemctl start docker`
  throw new RuntimeFailure('InvalidNode', text)
}

/** For a look at a machine: rejects where docker there cannot run pods of this root, as it is set. */
export async function assertDockerFits(transport: Transport, root: string): Promise<void> {
  const host = await dockerHost(transport, dockerPlace(await rootPaths(transport, root)))
  await assertFit(askers(transport, (args, more) => dockerCommand(host, args, more)))
}

async function assertFit({ tell }: Pick<ToolNode, 'tell'>): Promise<void> {
  const { stdout } = await tell(infoArgs(), { reason: 'InvalidNode', doing: 'asking docker about itself' })
  const why = unfitness(stdout)
  if (why !== undefined) throw new RuntimeFailure('InvalidNode', `docker cannot run pods here: ${why}`)
}

/** The end of an archive, and nothing before it. */
const EMPTY_ARCHIVE = new Uint8Array(1024)

async function importPause({ ask, tell }: Pick<ToolNode, 'ask' | 'tell'>): Promise<void> {
  const asking = { reason: 'InvalidNode', doing: 'making the image of pause containers' }
  if ((await ask(imageInspectArgs(PAUSE_IMAGE), asking)).exitCode === 0) return
  await tell(importArgs(PAUSE_IMAGE), { ...asking, stdin: EMPTY_ARCHIVE })
}
