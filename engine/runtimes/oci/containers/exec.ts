import type { ExecRequest, ExecResult } from '../../../api/cri.ts'
import type { Transport } from '../../../transport/transport.ts'
import { runCommand } from '../commands.ts'
import { readText } from '../node/node.ts'
import type { RootPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import type { OciProgram } from '../runtimeCommands.ts'
import { execCommand } from '../runtimeCommands.ts'
import { SIGKILL } from './signals.ts'

const OUTPUT_MAX = 10_000
const TIMEOUT_MS = 60_000

let execs = 0

/** The command has the container's environment, user and limits. After its time it is killed. */
export async function execInContainer(
  context: { readonly transport: Transport; readonly paths: RootPaths; readonly program: OciProgram },
  request: ExecRequest,
  signal?: AbortSignal,
): Promise<ExecResult> {
  const { paths, program, transport } = context
  const container = containerPaths(podPaths(paths, request.uid), request.uid, request.container)
  execs += 1
  const pidFile = `${container.bundle}/exec-${process.pid}-${execs}`
  const command = execCommand(program, container.id, {
    command: request.command,
    tty: false,
    pidFile,
    timeoutMs: request.timeoutMs ?? TIMEOUT_MS,
  })
  const failing = { reason: 'ExecError', doing: `running a command in container ${request.container}` }
  try {
    const result = await runCommand(transport, command, failing, signal)
    const output = `${result.stdout}${result.stderr}`.slice(0, OUTPUT_MAX)
    if (result.timedOut) await killLeft(transport, pidFile)
    return { exitCode: result.exitCode, output, timedOut: result.timedOut }
  } catch (error) {
    if (signal?.aborted === true) await killLeft(transport, pidFile)
    throw error
  } finally {
    await transport.remove(pidFile)
  }
}

/** Ending the runtime's own process does not end the one that it began in the container. */
async function killLeft(transport: Transport, pidFile: string): Promise<void> {
  const pid = Number(await readText(transport, pidFile))
  if (pid > 1) await transport.signal(pid, SIGKILL)
}
