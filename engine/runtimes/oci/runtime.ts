import type { StopContainerRequest } from '../../api/cri.ts'
import type { NodeName, PodUid } from '../../api/names.ts'
import { podUid } from '../../api/names.ts'
import type { PodRecord } from '../../api/records.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Runtime } from '../runtime.ts'
import { RuntimeFailure } from '../runtime.ts'
import { deleteClaim, emptyTrash } from './volumes/claims.ts'
import { failure } from './commands.ts'
import { podEvents } from './hook/events.ts'
import { measurePods } from './measures/measure.ts'
import { execInContainer } from './containers/exec.ts'
import type { ImageStore } from './images/store.ts'
import { createImageStore } from './images/store.ts'
import { inspectPod, listPods } from './pods/listing.ts'
import { createLogKeeper } from './logs/keep.ts'
import { containerLog } from './logs/logs.ts'
import { prepareNetwork } from './network/masquerade.ts'
import type { NetworkParts } from './network/network.ts'
import type { NodeLook } from './node/node.ts'
import { lookAtNode, readText } from './node/node.ts'
import { objectRecordFile, readObjectRecords, writeObjectRecord } from './objectRecords.ts'
import { once } from './once.ts'
import type { RootPaths } from './paths.ts'
import { containerPaths, podPaths, rootPaths } from './paths.ts'
import { programOf } from './pods/program.ts'
import { disarmPod, endContainers, freezePod, releasePod, removePod } from './pods/removePod.ts'
import type { NodeFacts } from './node/prepareNode.ts'
import { prepareNode } from './node/prepareNode.ts'
import { readRoot } from './node/root.ts'
import type { OciProgram } from './runtimeCommands.ts'
import { execCommand } from './runtimeCommands.ts'
import type { SandboxContext } from './pods/sandbox.ts'
import { makeSandbox } from './pods/makeSandbox.ts'
import { parseSandbox } from './pods/sandbox.ts'
import { requirePod } from './pods/requirePod.ts'
import { sayConditions } from './pods/sayConditions.ts'
import { tell } from './hook/tell.ts'
import { startContainer } from './containers/startContainer.ts'
import { podStats } from './containers/stats.ts'
import { stopContainer } from './containers/stopContainer.ts'
import { createUpkeep } from './upkeep/upkeep.ts'
import { updateVolumes } from './volumes/volumes.ts'
import { diskBytes } from './volumes/diskBytes.ts'

export interface OciRuntimeOptions {
  readonly transport: Transport
  /** The cluster's folder on the node. Its root.json, with the pods' range, is there before the first pod is made. */
  readonly root: string
  readonly node: NodeName
  /** From the Cluster: registry host to URLs that are asked before it. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>
  /** For skopeo, beside PATH: HOME and XDG_RUNTIME_DIR (the usual auth files), proxies, SSL_CERT_FILE. */
  readonly environment?: Readonly<Record<string, string>>
  /** On a tmpfs; /run/reconcile/<root id> when absent. */
  readonly runDir?: string
  /** Another source of images: for tests. */
  readonly images?: ImageStore
}

/** What the verbs share. The node is made ready once, by the first verb that acts on it; who only looks makes nothing. */
export interface OciNode {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly images: ImageStore
  readonly look: () => Promise<NodeLook>
  readonly facts: () => Promise<NodeFacts>
  /** Of the containers that run: chosen before the first of them was made. */
  readonly program: () => Promise<OciProgram>
  readonly context: () => Promise<SandboxContext>
}

export async function createOciRuntime(options: OciRuntimeOptions): Promise<Runtime> {
  const node = await ociNode(options)
  return {
    ...podVerbs(node),
    ...operatorVerbs(node),
    ...readingVerbs(node, options.node),
    ...insideVerbs(node, options.node),
    ...recordVerbs(node),
    ...volumeVerbs(node),
  }
}

export async function ociNode(options: OciRuntimeOptions): Promise<OciNode> {
  const { transport } = options
  const paths = await rootPaths(transport, options.root, options.runDir)
  const look = once(async () => await lookAtNode(transport, paths, options.node))
  const facts = once(async () => await prepareNode(transport, paths, await look()))
  const images = options.images ?? createImageStore({ ...options, root: paths.root, runDir: paths.runDir })
  const network = once(async () => await networkParts(transport, paths, await facts()))
  return {
    transport,
    paths,
    look,
    facts,
    program: async () => (await look()).program ?? (await facts()).program,
    images,
    context: async () => ({ transport, paths, images, facts: await facts(), network: await network() }),
  }
}

async function networkParts(transport: Transport, paths: RootPaths, facts: NodeFacts): Promise<NetworkParts> {
  const root = await readRoot(transport, paths.root)
  if (root === undefined) {
    throw new RuntimeFailure(
      'InvalidRoot',
      `${paths.rootFile} is missing: the range of the pods' addresses is not known`,
    )
  }
  await prepareNetwork(transport, facts.nft, paths.table, root.podCIDR)
  return { plugins: facts.plugins, podCIDR: root.podCIDR, paths }
}

type PodVerbs = Pick<
  Runtime,
  | 'createPod'
  | 'startContainer'
  | 'stopContainer'
  | 'disarm'
  | 'releasePod'
  | 'removePod'
  | 'pullImage'
  | 'collectImages'
>

function podVerbs(node: OciNode): PodVerbs {
  const { images, paths, transport } = node
  return {
    pullImage: async (request, signal, asking) => {
      // Credentials are written to the tmpfs that this mounts.
      await node.facts()
      return await images.pull(request, signal, asking)
    },
    collectImages: async (keep, signal) => {
      await node.facts()
      const { pods, unreadable } = await listPods(transport, paths)
      // Which image such a pod runs is not known.
      if (unreadable.length > 0) return { images: 0, bytes: 0 }
      const used = [...pods.values()].flatMap((pod) =>
        [...pod.containers.values()].map(({ image }) => image.id),
      )
      const mounted = await mountedImages(transport, paths, [...pods.keys()])
      return await images.collect([...keep, ...used, ...mounted], signal)
    },
    createPod: async (request, signal) => {
      await guarded('CreatePodSandboxError', 'creating the pod', signal, async () => {
        const context = await node.context()
        await forgetFolderless(transport, paths, request.record)
        await writeRecord(transport, paths, request.record)
        await makeSandbox(context, request, endContainers, signal)
      })
    },
    startContainer: async (request, signal) => {
      await guarded('CreateContainerError', `creating container ${request.container}`, signal, async () => {
        await startContainer({ transport, paths, images, facts: await node.facts() }, request, signal)
      })
    },
    stopContainer: async (request: StopContainerRequest, signal) => {
      await guarded('KillContainerError', `stopping container ${request.container}`, signal, async () => {
        await stopContainer({ transport, paths, facts: await node.facts() }, request, signal)
      })
    },
    disarm: async (uid, signal) => {
      await guarded('KillPodSandboxError', "disarming the pod's restarts", signal, async () => {
        await disarmPod(await node.context(), uid, signal)
      })
    },
    releasePod: async (uid, signal) => {
      await guarded('KillPodSandboxError', 'giving back what the pod has', signal, async () => {
        await releasePod(await node.context(), uid, signal)
      })
    },
    removePod: async (uid, signal) => {
      await guarded('KillPodSandboxError', 'removing the pod', signal, async () => {
        await removePod(await node.context(), uid, signal)
      })
    },
  }
}

type OperatorVerbs = Pick<Runtime, 'freezePod' | 'thawPod' | 'sayConditions' | 'tell'>

/** What people do to pods, beside the engine. */
function operatorVerbs(node: OciNode): OperatorVerbs {
  return {
    freezePod: async (uid, signal) => {
      await guarded('FreezePodError', 'freezing the pod', signal, async () => {
        await freezePod(node, 'freeze', uid, signal)
      })
    },
    thawPod: async (uid, signal) => {
      await guarded('FreezePodError', 'thawing the pod', signal, async () => {
        await freezePod(node, 'thaw', uid, signal)
      })
    },
    sayConditions: async (uid, said, signal) => {
      await guarded('SayConditionsError', 'saying conditions of the pod', signal, async () => {
        await sayConditions(await node.context(), uid, said, signal)
      })
    },
    tell: async (uid, signal) => {
      await guarded('TellError', 'telling of a change of the pod', signal, async () => {
        await tell(await node.context(), uid, signal)
      })
    },
  }
}

/** What files and processes throw becomes the world's failure. */
async function guarded(
  reason: string,
  doing: string,
  signal: AbortSignal | undefined,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    signal?.throwIfAborted()
    throw failure({ reason, doing }, error)
  }
}

async function writeRecord(transport: Transport, paths: RootPaths, record: PodRecord): Promise<void> {
  const pod = podPaths(paths, podUid(record.pod.metadata.uid ?? ''))
  await transport.makeDirectory(pod.directory, 0o700)
  await transport.writeFile(pod.record, JSON.stringify(record), 0o600)
  if ((await transport.stat(pod.run)) === undefined) return
  const what = { kind: 'file', content: JSON.stringify(record) } as const
  await transport.writeTree(pod.run, [{ path: 'pod.json', mode: 0o600, what }])
}

/** A pod whose folder somebody has removed has to be made again, and once it has a record nothing would tell that. */
async function forgetFolderless(transport: Transport, paths: RootPaths, record: PodRecord): Promise<void> {
  const pod = podPaths(paths, podUid(record.pod.metadata.uid ?? ''))
  if ((await transport.stat(pod.directory)) === undefined) await transport.remove(pod.sandbox)
}

/** As volumes, of pods whose tag may mean another image by now. */
async function mountedImages(
  transport: Transport,
  paths: RootPaths,
  uids: readonly PodUid[],
): Promise<readonly string[]> {
  const files = await transport.readFiles(uids.map((uid) => podPaths(paths, uid).sandbox))
  return [...files.values()].flatMap((text) => parseSandbox(text)?.images ?? [])
}

type VolumeVerbs = Pick<
  Runtime,
  'updateVolumes' | 'readVolumeFile' | 'diskBytes' | 'deleteClaim' | 'emptyTrash'
>

function volumeVerbs({ paths, transport }: OciNode): VolumeVerbs {
  const sandboxOf = async (uid: PodUid) => {
    const sandbox = parseSandbox(await readText(transport, podPaths(paths, uid).sandbox))
    if (sandbox !== undefined) return sandbox
    throw new RuntimeFailure('FailedMount', 'the pod has no sandbox on this node')
  }
  return {
    updateVolumes: async (request, signal) => {
      await guarded('FailedMount', "updating the pod's volumes", signal, async () => {
        const sandbox = await sandboxOf(request.uid)
        await updateVolumes(transport, podPaths(paths, request.uid), sandbox, request)
      })
    },
    readVolumeFile: async ({ path, uid, volume }, signal) => {
      const base = (await sandboxOf(uid)).volumes[volume]
      if (base === undefined) return undefined
      try {
        return await transport.readBeneath(base, path, signal)
      } catch (error) {
        throw failure(
          { reason: 'CreateContainerConfigError', doing: `reading ${path} of volume ${volume}` },
          error,
        )
      }
    },
    diskBytes: async (uid, volumes, signal) =>
      await diskBytes(transport, podPaths(paths, uid), volumes, signal),
    deleteClaim: async (request, signal) => {
      const doing = `moving claim ${request.namespace}/${request.claim} to the trash`
      await guarded(
        'VolumeFailedDelete',
        doing,
        signal,
        async () => await deleteClaim(transport, paths, request),
      )
    },
    emptyTrash: async (before) => await emptyTrash(transport, paths, before),
  }
}

type ReadingVerbs = Pick<
  Runtime,
  'check' | 'prepare' | 'list' | 'upkeep' | 'inspect' | 'events' | 'stats' | 'measure'
>

function readingVerbs(node: OciNode, name: NodeName): ReadingVerbs {
  const { paths, transport } = node
  return {
    check: async () => (await node.look()).info,
    prepare: async () => (await node.facts()).info,
    list: async () => await listPods(transport, paths),
    upkeep: createUpkeep(node),
    inspect: async (uid) => {
      const listing = await inspectPod(transport, paths, uid)
      if (typeof listing === 'string') throw new RuntimeFailure('UnreadablePod', `pod ${uid}: ${listing}`)
      return listing
    },
    events: (signal) => podEvents(transport, paths.events, name, signal),
    stats: async (uid) => await podStats(transport, paths, (await node.look()).cgroups, uid),
    measure: async (pods, signal) =>
      await measurePods(transport, paths, (await node.look()).cgroups, pods, signal),
  }
}

type InsideVerbs = Pick<Runtime, 'exec' | 'execInteractive' | 'logs' | 'keepLogs' | 'connect'>

function insideVerbs(node: OciNode, name: NodeName): InsideVerbs {
  const { paths, transport } = node
  const keepLogs = createLogKeeper(transport, paths)
  return {
    keepLogs: async (request) => await keepLogs(request),
    exec: async (request, signal) =>
      await execInContainer(
        { transport, paths, program: await programOf(node, request.uid, await node.program()) },
        request,
        signal,
      ),
    execInteractive: async (request) => {
      const program = await programOf(node, request.uid, await node.program())
      const { id } = containerPaths(podPaths(paths, request.uid), request.uid, request.container)
      const command = execCommand(program, id, { command: request.command, tty: request.tty })
      return await transport.runInteractive(request.stdin ? command : { ...command, stdin: '' })
    },
    logs: (request, signal = new AbortController().signal) =>
      containerLog({ transport, paths, inspect: readingVerbs(node, name).inspect }, request, signal),
    connect: async (address, port, signal) => await transport.connect(address, port, signal),
  }
}

type RecordVerbs = Pick<
  Runtime,
  'writePodRecord' | 'readObjectRecords' | 'writeObjectRecord' | 'deleteObjectRecord'
>

function recordVerbs({ paths, transport }: OciNode): RecordVerbs {
  return {
    writePodRecord: async (record) => {
      const { name = '', uid = '' } = record.pod.metadata
      await requirePod(transport, podPaths(paths, podUid(uid)), name)
      await writeRecord(transport, paths, record)
    },
    readObjectRecords: async () => await readObjectRecords(transport, paths.records),
    writeObjectRecord: async (record) => await writeObjectRecord(transport, paths.records, record),
    deleteObjectRecord: async (key) => await transport.remove(objectRecordFile(paths.records, key)),
  }
}
