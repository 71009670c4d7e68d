import { restartFlag } from '../dockerLike/attemptFiles.ts'
import type { Parts } from '../oci/containers/parts.ts'
import { ruleText } from '../oci/hook/rule.ts'
import { oomFile } from '../oci/node/cgroups.ts'

/** What the node's hook goes by when the container has ended, before podman does. What podman would not start again it does not hold up. */
export async function writeRule({ container, context, image, pod, request }: Parts): Promise<void> {
  const { facts, paths, transport } = context
  const never = { policy: 'Never', delaysSeconds: [], resetAfterSeconds: 0 } as const
  const restart = restartFlag(request.restart) === 'no' ? never : request.restart
  const text = ruleText({
    paths,
    pod,
    container,
    request: { ...request, restart },
    image,
    stopSignal: '',
    runtime: facts.program.path,
    conmon: facts.conmon,
    layers: { directory: '', lower: '' },
    oomFile: oomFile(facts.cgroups, pod.cgroup),
    monitors: [],
  })
  await transport.makeDirectory(container.directory, 0o700)
  await transport.writeFile(container.rule, text, 0o600)
}
