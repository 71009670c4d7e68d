import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { readText } from '../node/node.ts'
import type { NodeFacts } from '../node/prepareNode.ts'
import { findProgram } from '../node/programs.ts'
import { tryRuntime } from '../node/trial.ts'
import { oneByOne } from '../oneByOne.ts'
import type { RootPaths } from '../paths.ts'
import { podPaths } from '../paths.ts'
import type { OciProgram } from '../runtimeCommands.ts'

export interface ProgramContext {
  readonly transport: Transport
  readonly paths: RootPaths
}

/**
 * The OCI runtime that made the pod: whatever is done to its containers later, the same one does it. `usual` is the node's own, of pods that
 * name no RuntimeClass. All keep their state in one folder, each container in a folder of its own.
 */
export async function programOf(
  { paths, transport }: ProgramContext,
  uid: PodUid,
  usual: OciProgram,
): Promise<OciProgram> {
  const path = (await readText(transport, podPaths(paths, uid).program)).trim()
  return path === '' ? usual : { ...usual, path }
}

/** Of a container, by the OCI runtime's name for it; one whose pod is not known here was made by the node's own. */
export function podOfContainer(id: string, pods: readonly PodUid[]): PodUid | undefined {
  return pods.find((uid) => id === uid || id.startsWith(`${uid}-`))
}

/** The program that a RuntimeClass names. Tried once a boot, as the node's own is, before the first pod is made with it. */
export async function handlerProgram(
  context: ProgramContext & { readonly facts: Pick<NodeFacts, 'cgroups'> },
  handler: string,
): Promise<string> {
  const { facts, paths, transport } = context
  const failed = (why: string): RuntimeFailure =>
    new RuntimeFailure(
      'FailedCreatePodSandBox',
      `failed to get sandbox runtime: no runtime for ${JSON.stringify(handler)} is configured: ${why}`,
    )
  const path = await findProgram(transport, handler)
  if (path === undefined) throw failed(`there is no program ${handler} on this node`)
  return await oneByOne(transport, `${paths.runDir}/trial`, async () => {
    const tried = `${paths.runDir}/handler-${handler}`
    if ((await readText(transport, tried)) === path) return path
    const refusal = await tryRuntime(transport, paths, path, facts.cgroups)
    if (refusal !== undefined) throw failed(refusal)
    await transport.writeFile(tried, path, 0o600)
    return path
  })
}
