import type { PodUid } from '../../api/names.ts'
import { containerName } from '../dockerLike/names.ts'
import type { GivenVariables, ToolNode } from '../dockerLike/tool.ts'
import type { Parts } from '../oci/containers/parts.ts'
import { readText } from '../oci/node/node.ts'
import { podPaths } from '../oci/paths.ts'
import { secretCreateArgs, secretRemoveArgs } from './commands.ts'

/** What no line can hold podman takes from a secret of its own, whose data is on the tmpfs. */
export async function giveSecrets(
  node: Pick<ToolNode, 'ask' | 'tell' | 'transport'>,
  { pod, request }: Parts,
  entries: readonly string[],
  signal?: AbortSignal,
): Promise<GivenVariables> {
  const flags: string[] = []
  for (const [index, entry] of entries.entries()) {
    const at = entry.indexOf('=')
    const name = `${containerName(request.uid, request.container, request.attempt)}_${index}`
    const doing = `giving container ${request.container} its environment`
    const asking = { reason: 'CreateContainerError', doing, stdin: entry.slice(at + 1), signal }
    // On record first, so that it is found when it is to go; a start that was cut off may have left one of the same name.
    const known = namesIn(await readText(node.transport, secretsFile(pod.run)))
    if (known.includes(name)) await node.ask(secretRemoveArgs([name]), { ...asking, stdin: '' })
    else await node.transport.appendFile(secretsFile(pod.run), `${name}\n`, 0o600)
    await node.tell(secretCreateArgs(name, `${pod.run}/secrets`), asking)
    flags.push('--secret', `${name},type=env,target=${entry.slice(0, at)}`)
  }
  return { flags, env: {} }
}

function secretsFile(run: string): string {
  return `${run}/podman-secrets`
}

function namesIn(text: string): readonly string[] {
  return text.split('\n').filter(Boolean)
}

/** What podman remembers of them; their data goes with the pod's folder on the tmpfs. */
export async function removeSecrets(
  { ask, paths, transport }: Pick<ToolNode, 'ask' | 'paths' | 'transport'>,
  uid: PodUid,
  signal?: AbortSignal,
): Promise<void> {
  const names = namesIn(await readText(transport, secretsFile(podPaths(paths, uid).run)))
  if (names.length === 0) return
  // Some may be gone already: what is left of others is as good as nothing.
  const asking = { reason: 'KillPodSandboxError', doing: "removing the containers' environment", signal }
  await ask(secretRemoveArgs(names), asking)
}
