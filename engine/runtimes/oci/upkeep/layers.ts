import { type PodUid, podUid } from '../../../api/names.ts'
import { LOST } from '../containers/attempts.ts'
import { parseRule } from '../hook/rule.ts'
import { containerPaths, podPaths } from '../paths.ts'
import { readAllPodFiles } from '../pods/podFiles.ts'
import type { OciNode } from '../ociNode.ts'
import type { Looking, Repair } from './repair.ts'

/**
 * Layers that somebody has removed under running containers. They are pulled again, and what stands on them is started anew: files that are gone
 * do not come back to a container that runs. Where the registry wants a password only a pod's own pull can bring them.
 */
export async function layerRepairs(looking: Looking, { images }: OciNode): Promise<readonly Repair[]> {
  const incomplete = await images.incomplete()
  if (incomplete.length === 0) return []
  const used = await runningByImage(looking)
  return incomplete.flatMap(({ id, reference }): readonly Repair[] => {
    const containers = used.get(id)
    if (containers === undefined) return []
    const mend: Repair['mend'] = async (_, signal) => {
      await images.pull({ image: reference, policy: 'IfNotPresent', auths: [] }, signal)
      for (const each of containers) await markLost(looking, each)
      return `it was pulled again, and ${containers.length} containers of it are started anew`
    }
    return [{ found: `layers of image ${reference} are gone`, mend }]
  })
}

interface RunningAttempt {
  readonly uid: PodUid
  readonly container: string
  readonly attempt: number
}

async function runningByImage({
  paths,
  transport,
}: Looking): Promise<ReadonlyMap<string, readonly RunningAttempt[]>> {
  const found = new Map<string, RunningAttempt[]>()
  const { pods } = await readAllPodFiles(transport, paths)
  for (const pod of pods) {
    for (const [container, { attempts, rule = '' }] of pod.containers) {
      const attempt = Math.max(-1, ...attempts.keys())
      const files = attempts.get(attempt)
      if (files?.has('started') !== true || files.has('exited')) continue
      const image = parseRule(rule)?.image.id ?? ''
      found.getOrInsertComputed(image, () => []).push({ uid: podUid(pod.uid), container, attempt })
    }
  }
  return found
}

async function markLost({ paths, transport }: Looking, one: RunningAttempt): Promise<void> {
  const { directory } = containerPaths(podPaths(paths, one.uid), one.uid, one.container)
  const what = { kind: 'file', content: 'layers of its image were removed while it ran\n' } as const
  await transport.writeTree(`${directory}/${one.attempt}`, [{ path: LOST, mode: 0o600, what }])
}
