import { type PodUid } from '../../api/names.ts'
import type { Transport } from '../../transport/transport.ts'
import { askers } from '../dockerLike/askers.ts'
import { remove, seenKey, type ToolNode } from '../dockerLike/tool.ts'
import { runOrFail } from '../oci/commands.ts'
import { registriesConf } from '../oci/images/registries.ts'
import { attemptFolder } from '../oci/logs/files.ts'
import { createLogKeeper } from '../oci/logs/keep.ts'
import { findProgram, missingPrograms } from '../oci/node/programs.ts'
import { ociNode, type OciRuntimeOptions } from '../oci/ociNode.ts'
import { once } from '../oci/once.ts'
import { containerPaths, podPaths, rootPaths } from '../oci/paths.ts'
import { accountOf, lookOfAccount } from './account.ts'
import { parseVersion, podmanCommand, podRemoveArgs, versionCommand } from './commands.ts'
import { podmanChanges, podmanEnds } from './events.ts'
import { createPodmanImages } from './images.ts'
import { podmanLogPlace } from './logPlace.ts'
import { podmanNamespaces } from './namespaces.ts'
import { podmanPlace, preparePlace } from './place.ts'
import { podmanPodParts } from './pods.ts'
import { writeRule } from './rule.ts'
import { giveSecrets, removeSecrets } from './secrets.ts'
import { PODMAN } from './tool.ts'

export async function podmanNode(options: OciRuntimeOptions): Promise<ToolNode> {
  const { transport } = options
  const paths = await rootPaths(transport, options.root, options.runDir)
  const place = podmanPlace(paths)
  const asked = askers(transport, (args, more) => podmanCommand(place, args, more))
  const podman = { ...asked, tool: PODMAN, paths, place, transport }
  const images = createPodmanImages(podman, options)
  const base = await ociNode({ ...options, images })
  const look = once(async () => {
    const account = await accountOf(transport)
    const found = await base.look()
    const version = await podmanVersion(transport)
    const own = account === undefined ? found : await lookOfAccount(transport, found)
    const words = account === undefined ? version : `${version} rootless as ${account.account}`
    return { ...own, info: { ...own.info, runtime: `podman ${words}, ${found.info.runtime}` } }
  })
  const facts = once(async () => {
    const { features, info } = await look()
    const made = await base.facts()
    const mirrors = registriesConf(options.mirrors ?? {})
    const { hook, program, seccomp } = made
    const isRootless = (await accountOf(transport)) !== undefined
    await preparePlace(transport, place, { hook, isRootless, runtime: program.path, seccomp }, mirrors)
    return { ...made, features, info }
  })
  const seen: ToolNode['seen'] = new Map()
  const isThere = async () => (await transport.stat(place.config)) !== undefined
  const endContainers = async (uid: PodUid, signal?: AbortSignal) => {
    if (!(await isThere())) return
    const failing = { reason: 'KillPodSandboxError', doing: 'removing the podman pod', signal }
    await remove(podman, podRemoveArgs(uid), failing)
    await removeSecrets(podman, uid, signal)
    for (const key of seen.keys()) if (key.startsWith(seenKey(uid, ''))) seen.delete(key)
  }
  return {
    ...base,
    ...podman,
    images,
    look,
    facts,
    context: async () => ({ ...(await base.context()), facts: await facts() }),
    isThere,
    endContainers,
    seen,
    podParts: (request, signal) => podmanPodParts(podman, request, signal),
    namespaces: podmanNamespaces,
    giveVariables: async (parts, entries, signal) => await giveSecrets(podman, parts, entries, signal),
    readyPod: async (parts) => await writeRule(parts),
    isStranded: () => false,
    inspectedBeside: () => [],
    ends: async () => await podmanEnds(transport, place.events),
    changes: (signal) => podmanChanges(transport, place.events, signal),
    logFolder: async (uid, container, attempt) =>
      attemptFolder(`${containerPaths(podPaths(paths, uid), uid, container).directory}/${attempt}`),
    keepLogs: createLogKeeper(transport, (container) => podmanLogPlace({ paths, seen }, container)),
  }
}

async function podmanVersion(transport: Transport): Promise<string> {
  if ((await findProgram(transport, 'podman')) === undefined) throw missingPrograms([['podman', 'podman']])
  const failing = { reason: 'InvalidNode', doing: 'asking podman for its version' }
  return parseVersion((await runOrFail(transport, versionCommand(), failing)).stdout)
}
