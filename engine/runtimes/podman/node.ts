import type { PodUid } from '../../api/names.ts'
import type { Command, CommandResult, Transport } from '../../transport/transport.ts'
import type { Failing } from '../oci/commands.ts'
import { runCommand, runOrFail } from '../oci/commands.ts'
import { registriesConf } from '../oci/images/registries.ts'
import { type OciNode, ociNode, type OciRuntimeOptions } from '../oci/ociNode.ts'
import { findProgram, missingPrograms } from '../oci/node/programs.ts'
import { once } from '../oci/once.ts'
import { rootPaths } from '../oci/paths.ts'
import { parseVersion, podmanCommand, podRemoveArgs, versionCommand } from './commands.ts'
import { removeSecrets } from './environment.ts'
import { createPodmanImages, type PodmanImages } from './images.ts'
import { podmanPlace, preparePlace, type PodmanPlace } from './place.ts'

/** A node whose containers podman runs; their pods' namespaces, network, volumes and records are what they are on any node. */
export interface PodmanNode extends OciNode {
  readonly endContainers: (uid: PodUid, signal?: AbortSignal) => Promise<void>
  readonly images: PodmanImages
  readonly place: PodmanPlace
  /** Its answer, also a refusal. */
  readonly ask: (args: readonly string[], asking: Asking) => Promise<CommandResult>
  /** It must succeed. */
  readonly tell: (args: readonly string[], asking: Asking) => Promise<CommandResult>
  /** By `seenKey`, of containers that podman had when they were last looked at. */
  readonly seen: Map<string, SeenContainer>
  /** False: podman was never asked for anything here, in this boot. */
  readonly isThere: () => Promise<boolean>
}

export interface SeenContainer {
  /** The attempt that the engine began. */
  readonly base: number
  /** What podman keeps of it. */
  readonly folder: string
  /** Where what it writes goes to. */
  readonly upper: string
  /** Of its first process; 0: it runs no more. */
  readonly pid: number
  /** Empty: it has none. */
  readonly cgroup: string
}

export function seenKey(uid: PodUid, container: string): string {
  return `${uid}/${container}`
}

export interface Asking extends Failing, Omit<Command, 'argv'> {
  readonly signal?: AbortSignal | undefined
}

export async function podmanNode(options: OciRuntimeOptions): Promise<PodmanNode> {
  const { transport } = options
  const paths = await rootPaths(transport, options.root, options.runDir)
  const place = podmanPlace(paths)
  const asking =
    (run: typeof runCommand) =>
    async (args: readonly string[], { doing, reason, signal, ...more }: Asking) =>
      await run(transport, podmanCommand(place, args, more), { doing, reason }, signal)
  const podman = { ask: asking(runCommand), tell: asking(runOrFail), place, transport }
  const images = createPodmanImages(podman, options)
  const base = await ociNode({ ...options, images })
  const look = once(async () => {
    const found = await base.look()
    const version = await podmanVersion(transport)
    return { ...found, info: { ...found.info, runtime: `podman ${version}, ${found.info.runtime}` } }
  })
  const facts = once(async () => {
    const { info } = await look()
    const made = await base.facts()
    const mirrors = registriesConf(options.mirrors ?? {})
    await preparePlace(transport, place, { runtime: made.program.path, seccomp: made.seccomp }, mirrors)
    return { ...made, info: { ...made.info, runtime: info.runtime } }
  })
  const context = async () => ({ ...(await base.context()), facts: await facts() })
  const seen: PodmanNode['seen'] = new Map()
  const isThere = async () => (await transport.stat(place.config)) !== undefined
  const endContainers = async (uid: PodUid, signal?: AbortSignal) => {
    if (!(await isThere())) return
    const failing = { reason: 'KillPodSandboxError', doing: 'removing the podman pod', signal }
    await remove(podman, podRemoveArgs(uid), failing)
    await removeSecrets({ ...podman, paths }, uid, signal)
    for (const key of seen.keys()) if (key.startsWith(seenKey(uid, ''))) seen.delete(key)
  }
  return { ...base, ...podman, images, look, facts, context, isThere, endContainers, seen }
}

const REMOVALS_MAX = 5

/** podman gives up on a container that ends, or that it starts again itself, at the moment of its removal. */
export async function remove(
  { ask, tell }: Pick<PodmanNode, 'ask' | 'tell'>,
  args: readonly string[],
  asking: Asking,
): Promise<void> {
  for (let removal = 1; removal < REMOVALS_MAX; removal += 1) {
    const { exitCode, timedOut } = await ask(args, asking)
    if (exitCode === 0 && !timedOut) return
  }
  await tell(args, asking)
}

async function podmanVersion(transport: Transport): Promise<string> {
  if ((await findProgram(transport, 'podman')) === undefined) throw missingPrograms([['podman', 'podman']])
  const failing = { reason: 'InvalidNode', doing: 'asking podman for its version' }
  return parseVersion((await runOrFail(transport, versionCommand(), failing)).stdout)
}
