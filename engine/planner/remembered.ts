import { podUid, type PodUid } from '../api/names.ts'
import type { RememberedPod } from '../api/nodeRecords.ts'
import type { ObservedPod } from '../api/snapshot.ts'

/** What is remembered of a pod, so that an engine that has not seen it knows of it. */
export function rememberedPod(pod: ObservedPod): RememberedPod {
  const { containers, ip, ip6, record, sandbox } = pod
  return {
    record,
    sandbox,
    ...(ip !== undefined && { ip }),
    ...(ip6 !== undefined && { ip6 }),
    containers: [...containers.values()],
  }
}

export function remembered(pods: readonly RememberedPod[]): ReadonlyMap<PodUid, ObservedPod> {
  return new Map(
    pods.map(({ containers, ...rest }): [PodUid, ObservedPod] => [
      podUid(rest.record.pod.metadata.uid ?? ''),
      {
        ...rest,
        containers: new Map(containers.map((one) => [one.name, one])),
        probes: new Map(),
        failures: new Map(),
      },
    ]),
  )
}
