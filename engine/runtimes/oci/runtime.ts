import { podUid } from '../../api/names.ts'
import type { Runtime } from '../runtime.ts'
import { execInContainer } from './containers/exec.ts'
import { createLogKeeper, logPlace } from './logs/keep.ts'
import { containerLog } from './logs/logs.ts'
import { objectRecordFile, readObjectRecords, writeObjectRecord } from './objectRecords.ts'
import { containerPaths, podPaths } from './paths.ts'
import { programOf } from './pods/program.ts'
import { disarmPod, endContainers, freezePod, releasePod, removePod } from './pods/removePod.ts'
import { execCommand } from './runtimeCommands.ts'
import { bothEnded, makeSandbox } from './pods/makeSandbox.ts'
import { requirePod } from './pods/requirePod.ts'
import { resizePod } from './containers/resize.ts'
import { startContainer } from './containers/startContainer.ts'
import { stopContainer } from './containers/stopContainer.ts'
import { applyTraffic } from './network/traffic.ts'
import type { OciNode, OciRuntimeOptions } from './ociNode.ts'
import { ociNode } from './ociNode.ts'
import { forgetFolderless, writeRecord } from './pods/podRecord.ts'
import { podVerbs, type PodWork } from './podVerbs.ts'
import { readingVerbs } from './readingVerbs.ts'
import { volumeVerbs } from './volumes/volumeVerbs.ts'

export async function createOciRuntime(options: OciRuntimeOptions): Promise<Runtime> {
  const node = await ociNode(options)
  const reading = readingVerbs(node, options.node)
  return {
    ...podVerbs(node, podWork(node)),
    ...reading,
    ...insideVerbs(node, reading.inspect),
    ...recordVerbs(node),
    ...volumeVerbs(node),
  }
}

function podWork(node: OciNode): PodWork {
  const { images, paths, transport } = node
  const work = async () => ({ transport, paths, facts: await node.facts() })
  return {
    images,
    createPod: async (request, signal) => {
      const record = async () => {
        await forgetFolderless(transport, paths, request.record)
        await writeRecord(transport, paths, request.record)
      }
      const [context] = await Promise.all([node.context(), record()])
      // Beside the first pod's own network, what lets pods out of the node.
      await bothEnded(makeSandbox(context, request, { endContainers }, signal), node.masqueraded())
    },
    startContainer: async (request, signal) =>
      await startContainer({ ...(await work()), images }, request, signal),
    stopContainer: async (request, signal) => await stopContainer(await work(), request, signal),
    resizePod: async (request, signal) => await resizePod(await work(), request, signal),
    disarm: async (uid, signal) => await disarmPod(await node.context(), uid, signal),
    releasePod: async (uid, signal) => await releasePod(await node.context(), uid, signal),
    removePod: async (uid, signal) => await removePod(await node.context(), uid, signal),
    freezePod: async (uid, signal) => await freezePod(node, 'freeze', uid, signal),
    thawPod: async (uid, signal) => await freezePod(node, 'thaw', uid, signal),
  }
}

type InsideVerbs = Pick<
  Runtime,
  'exec' | 'execInteractive' | 'logs' | 'keepLogs' | 'applyTraffic' | 'connect'
>

function insideVerbs(node: OciNode, inspect: Runtime['inspect']): InsideVerbs {
  const { paths, transport } = node
  const keepLogs = createLogKeeper(transport, (container) => logPlace(paths, container))
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
      containerLog({ transport, paths, inspect }, request, signal),
    applyTraffic: async (traffic, signal) => await applyTraffic(node, traffic, signal),
    connect: async (address, port, signal) => await transport.connect(address, port, signal),
  }
}

type RecordVerbs = Pick<
  Runtime,
  'writePodRecord' | 'readObjectRecords' | 'writeObjectRecord' | 'deleteObjectRecord'
>

export function recordVerbs({ paths, transport }: OciNode): RecordVerbs {
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
