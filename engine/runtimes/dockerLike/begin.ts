import type { Parts } from '../oci/containers/parts.ts'
import { attemptFolder, END_FILE, type EndFile } from './attemptFiles.ts'
import { inspected } from './look.ts'
import { startArgs } from './commands.ts'
import { type Asking, remove, type ToolNode } from './tool.ts'
import type { RunParts } from './runParts.ts'

const TIMEOUT_MS = 120_000

/** Why it could not be started is its end, as it is where the OCI runtime says so. */
export async function begin(
  node: ToolNode,
  parts: Parts,
  run: RunParts,
  signal?: AbortSignal,
): Promise<void> {
  const { image, request } = parts
  const doing = `starting container ${request.container}`
  const asking = { reason: 'RunContainerError', doing, signal, timeoutMs: TIMEOUT_MS }
  const withVariables = { ...asking, env: run.variables.env }
  const refusal =
    !node.tool.makesFolders && (await lacksFolder(parts, run.cwd))
      ? await runInNewFolder(node, parts, run, withVariables)
      : await refusalOf(node, node.tool.runArgs(request, run), withVariables)
  await node.transport.remove(run.envFile)
  if (refusal === undefined) return
  // It may run all the same: what is on record as never started must not.
  await remove(node, node.tool.removeArgs([run.name]), asking)
  if (/image not known|no such image/i.test(refusal)) node.images.forget()
  const at = Temporal.Now.instant().toString()
  const exit = { attempt: request.attempt, exitCode: 128, startedAt: at, finishedAt: at, message: refusal }
  const end: EndFile = {
    exit: { ...exit, oomKilled: false, startFailed: true },
    image: { id: image.id, reference: image.reference },
  }
  await node.transport.writeFile(`${attemptFolder(parts)}/${END_FILE}`, JSON.stringify(end), 0o600)
}

async function refusalOf(
  { ask, tool }: ToolNode,
  args: readonly string[],
  asking: Asking,
): Promise<string | undefined> {
  const result = await ask(args, asking)
  if (result.timedOut) return `${tool.name} took too long`
  if (result.exitCode === 0) return undefined
  return tool.refusal(result.stderr.trim())
}

/** Kubernetes makes the working directory where the image has none; podman does so for the image's own alone. */
async function lacksFolder({ context, image, request }: Parts, cwd: string): Promise<boolean> {
  if (request.workingDir === undefined) return false
  const { transport } = context
  for (const layer of image.layerDirs) {
    const path = `${layer}${cwd}`
    // Where links lead is the program's to find out.
    if ((await transport.realPath(path)) !== `${await transport.realPath(layer)}${cwd}`) return false
    if ((await transport.stat(path)) !== undefined) return false
  }
  // A volume may have it.
  return !request.mounts.some(({ mountPath }) => cwd === mountPath || cwd.startsWith(`${mountPath}/`))
}

async function runInNewFolder(
  node: ToolNode,
  { request }: Parts,
  run: RunParts,
  asking: Asking,
): Promise<string | undefined> {
  const refusal = await refusalOf(node, node.tool.runArgs(request, run, 'create'), asking)
  if (refusal !== undefined) return refusal
  const upper = (await inspected(node, [run.name])).get(run.name)?.upper ?? ''
  if (upper !== '') await node.transport.makeDirectory(`${upper}${run.cwd}`, 0o755)
  return await refusalOf(node, startArgs(run.name), asking)
}
