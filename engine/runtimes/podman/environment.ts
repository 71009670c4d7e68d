import type { PodUid } from '../../api/names.ts'
import type { Parts } from '../oci/containers/parts.ts'
import { readText } from '../oci/node/node.ts'
import { podPaths } from '../oci/paths.ts'
import { processEnvironment } from '../oci/spec/processArgs.ts'
import { containerName, secretCreateArgs, secretRemoveArgs } from './commands.ts'
import type { PodmanNode } from './node.ts'
import type { RunParts } from './runArgs.ts'

export type EnvironmentPlace = Pick<RunParts, 'envFile' | 'secrets'>

/**
 * Never on a command line, which everybody on the node can read: in a file on the tmpfs, a line a variable. What no line can hold podman takes from
 * a secret of its own, whose data is on the tmpfs, too. podman's own copy, of all of them, is on the disk.
 */
export async function writeEnvironment(
  node: Pick<PodmanNode, 'ask' | 'tell' | 'transport'>,
  { container, image, pod, request, sandbox }: Parts,
  signal?: AbortSignal,
): Promise<EnvironmentPlace> {
  const all = processEnvironment(image.config, sandbox.hostname, request.env)
  const lines = all.filter(isLine)
  const others = all.filter((entry) => !isLine(entry))
  const content = lines.map((entry) => `${entry}\n`).join('')
  await node.transport.writeTree(container.bundle, [
    { path: '', mode: 0o700, what: { kind: 'directory' } },
    { path: 'env', mode: 0o600, what: { kind: 'file', content } },
  ])
  const secrets: EnvironmentPlace['secrets'][number][] = []
  for (const [index, entry] of others.entries()) {
    const at = entry.indexOf('=')
    const name = `${containerName(request.uid, request.container, request.attempt)}_${index}`
    const doing = `giving container ${request.container} its environment`
    const asking = { reason: 'CreateContainerError', doing, stdin: entry.slice(at + 1), signal }
    // On record first, so that it is found when it is to go; a start that was cut off may have left one of the same name.
    const known = namesIn(await readText(node.transport, secretsFile(pod.run)))
    if (known.includes(name)) await node.ask(secretRemoveArgs([name]), { ...asking, stdin: '' })
    else await node.transport.appendFile(secretsFile(pod.run), `${name}\n`, 0o600)
    await node.tell(secretCreateArgs(name, `${pod.run}/secrets`), asking)
    secrets.push({ secret: name, variable: entry.slice(0, at) })
  }
  return { envFile: `${container.bundle}/env`, secrets }
}

/** podman takes no line of 64 KiB. */
const LINE_BYTES_MAX = 60_000

/** podman leaves out remarks, the space that a line begins with, and the return at its end. */
function isLine(entry: string): boolean {
  return !/^[#\s]|[\n\r]/.test(entry) && Buffer.byteLength(entry) < LINE_BYTES_MAX
}

function secretsFile(run: string): string {
  return `${run}/podman-secrets`
}

function namesIn(text: string): readonly string[] {
  return text.split('\n').filter(Boolean)
}

/** What podman remembers of them; their data goes with the pod's folder on the tmpfs. */
export async function removeSecrets(
  { ask, paths, transport }: Pick<PodmanNode, 'ask' | 'paths' | 'transport'>,
  uid: PodUid,
  signal?: AbortSignal,
): Promise<void> {
  const names = namesIn(await readText(transport, secretsFile(podPaths(paths, uid).run)))
  if (names.length === 0) return
  // Some may be gone already: what is left of others is as good as nothing.
  const asking = { reason: 'KillPodSandboxError', doing: "removing the containers' environment", signal }
  await ask(secretRemoveArgs(names), asking)
}
