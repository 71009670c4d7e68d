import type { Desired } from '../../../engine/api/snapshot.ts'
import type { SimulatedNode } from '../../../engine/runtimes/simulated/node.ts'

/** What must run on the node once all is well: `deployment or pod container=image`, sorted. */
export function wantedContainers({ objects }: Desired): readonly string[] {
  return [...objects.values()]
    .flatMap(({ written }) => {
      if (written.kind === 'Pod') return [{ owner: written.metadata.name, spec: written.spec, copies: 1 }]
      if (written.kind !== 'Deployment') return []
      const { replicas = 1, template } = written.spec
      return [{ owner: written.metadata.name, spec: template.spec, copies: replicas }]
    })
    .flatMap(({ owner, spec, copies }) => Array.from({ length: copies }, () => lasting(owner, spec)).flat())
    .toSorted()
}

type Spec = Parameters<typeof lasting>[1]

function lasting(
  owner: string | undefined,
  spec: { readonly containers: readonly Named[]; readonly initContainers?: readonly Named[] } | undefined,
): readonly string[] {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...(spec?.containers ?? []), ...sidecars].map(({ name, image }) => `${owner} ${name}=${image}`)
}

interface Named {
  readonly name: string
  readonly image?: string
  readonly restartPolicy?: string
}

export function containersOn({ pods }: SimulatedNode): readonly string[] {
  return [...pods.values()]
    .flatMap(({ record, containers }) => {
      const { labels, name } = record.pod.metadata
      const spec: Spec = record.pod.spec
      const images = new Map(
        [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map((one) => [one.name, one.image]),
      )
      return [...containers.values()]
        .filter(({ state }) => state.kind === 'running')
        .map((one) => `${labels?.['app'] ?? name} ${one.name}=${images.get(one.name)}`)
    })
    .toSorted()
}
