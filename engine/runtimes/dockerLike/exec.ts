import type { ExecRequest, ExecResult } from '../../api/cri.ts'
import { type PodUid } from '../../api/names.ts'
import { RuntimeFailure } from '../runtime.ts'
import { readPodFiles } from '../oci/pods/podFiles.ts'
import { controllerDirectory } from '../oci/node/cgroups.ts'
import { readText } from '../oci/node/node.ts'
import { SIGKILL } from '../oci/containers/signals.ts'
import { EXEC_MARK, execArgs } from './commands.ts'
import { containerName } from './names.ts'
import { inspected } from './look.ts'
import type { ToolNode } from './tool.ts'

const OUTPUT_MAX = 10_000
const TIMEOUT_MS = 60_000

/** The program's name of the container that this attempt, or an earlier one, began. */
export async function runningName(
  { paths, transport }: Pick<ToolNode, 'paths' | 'transport'>,
  uid: PodUid,
  container: string,
): Promise<string> {
  const attempts = (await readPodFiles(transport, paths, uid))?.containers.get(container)?.attempts
  if (attempts !== undefined && attempts.size > 0)
    return containerName(uid, container, Math.max(...attempts.keys()))
  throw new RuntimeFailure('NotFound', `container ${container} is not on this node`)
}

/** The command has the container's environment, user and limits. After its time it is killed. */
export async function execInContainer(
  node: ToolNode,
  request: ExecRequest,
  signal?: AbortSignal,
): Promise<ExecResult> {
  const name = await runningName(node, request.uid, request.container)
  const mark = crypto.randomUUID()
  const asking = { reason: 'ExecError', doing: `running a command in container ${request.container}`, signal }
  try {
    const timeoutMs = request.timeoutMs ?? TIMEOUT_MS
    const result = await node.ask(execArgs(name, request.command, { mark }), { ...asking, timeoutMs })
    const output = `${result.stdout}${result.stderr}`.slice(0, OUTPUT_MAX)
    if (result.timedOut) await killMarked(node, name, mark)
    return { exitCode: result.exitCode, output, timedOut: result.timedOut }
  } catch (error) {
    if (signal?.aborted === true) await killMarked(node, name, mark)
    throw error
  }
}

/** Ending the program does not end what it has begun in the container. */
async function killMarked(node: ToolNode, name: string, mark: string): Promise<void> {
  const { transport } = node
  const cgroup = (await inspected(node, [name])).get(name)?.cgroup ?? ''
  const group = controllerDirectory((await node.look()).cgroups, 'pids', cgroup)
  if (cgroup === '' || group === undefined) return
  const pids = (await readText(transport, `${group.path}/cgroup.procs`)).split('\n').filter(Boolean)
  const environments = await transport.readFiles(pids.map((pid) => `/proc/${pid}/environ`))
  for (const pid of pids) {
    const variables = (environments.get(`/proc/${pid}/environ`) ?? '').split('\0')
    if (variables.includes(`${EXEC_MARK}=${mark}`)) await transport.signal(Number(pid), SIGKILL)
  }
}
