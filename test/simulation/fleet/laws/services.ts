import type { KubernetesObject, Service } from '../../../../engine/api/generated/types.ts'
import { keyParts, type ObjectKey } from '../../../../engine/api/names.ts'
import { givenOnRecord } from '../../../../engine/api/services.ts'
import type { NodeTraffic } from '../../../../engine/api/traffic.ts'
import type { SimulatedPod } from '../../../../engine/runtimes/simulated/pod.ts'
import type { Fleet } from '../world.ts'
import { isAlive, isDeleting, isServing, type Law, type LawContext, nameOf } from './law.ts'

/** One for each workload of a repository, by its app. */
export function servicesFor(objects: readonly KubernetesObject[]): readonly Service[] {
  const served = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])
  return objects
    .filter(({ kind }) => served.has(kind))
    .map(({ metadata }): Service => {
      const name = metadata?.name ?? ''
      return {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'default' },
        spec: { selector: { app: name }, ports: [{ port: 80 }] },
      }
    })
}

/** How long a pod that goes may be kept from its end: as docs/services.md says. */
const WAIT_MS_MAX = 5_000

/**
 * A node leads to no pod of another Service; no pod is asked to end while a node leads to it, unless it was to go for 5 s or half its grace
 * period; a Service keeps its address for as long as it is there, and no two have one.
 */
export function servicesLaw({ fleet, undisturbed }: LawContext): Law {
  const broken: string[] = []
  const addresses = new Map<ObjectKey, { readonly uid: string; readonly address: string }>()
  for (const node of fleet.nodes) {
    node.onTraffic = (traffic) => broken.push(...strangers(traffic, fleet))
    node.onTerminate = (pod) => {
      if (undisturbed) broken.push(...tooSoon(pod, fleet))
    }
  }
  return {
    seeFact: () => broken.splice(0),
    seeRecord: (key, record) => {
      if (keyParts(key).kind !== 'Service') return broken.splice(0)
      const [address] = givenOnRecord(record).clusterIPs ?? []
      const { uid = '' } = record?.object.metadata ?? {}
      const before = addresses.get(key)
      if (address === undefined) addresses.delete(key)
      else addresses.set(key, { uid, address })
      if (before?.uid === uid && before.address !== address)
        broken.push(`${key} had the address ${before.address} and has ${address} now`)
      const twin = [...addresses].find(([other, one]) => other !== key && one.address === address)
      if (twin !== undefined) broken.push(`${key} and ${twin[0]} have the address ${address}`)
      return broken.splice(0)
    },
  }
}

function strangers({ frontends }: NodeTraffic, fleet: Fleet): readonly string[] {
  return frontends.flatMap(({ endpoints, service }) =>
    endpoints.flatMap(({ address }) => {
      const pod = fleet.pods.find(({ ip }) => ip === address)
      const app = pod?.record.pod.metadata.labels?.['app']
      return pod === undefined || app === keyParts(service).name
        ? []
        : [`${service} leads to ${nameOf(pod)}, which is of ${app ?? 'nobody'}`]
    }),
  )
}

function tooSoon(pod: SimulatedPod, fleet: Fleet): readonly string[] {
  const { deletionGracePeriodSeconds = 30, deletionTimestamp } = pod.record.pod.metadata
  if (!isDeleting(pod) || deletionTimestamp === undefined) return []
  const waitedMs = fleet.clock.now().epochMilliseconds - Date.parse(deletionTimestamp)
  if (waitedMs >= Math.min(WAIT_MS_MAX, deletionGracePeriodSeconds * 500)) return []
  return fleet.nodes
    .filter(({ traffic }) =>
      (traffic?.frontends ?? []).some(({ endpoints }) => endpoints.some(({ address }) => address === pod.ip)),
    )
    .map(
      ({ name }) =>
        `${nameOf(pod)} was asked to end ${waitedMs} ms after its deletion, and ${name} leads to it`,
    )
}

/** At rest each node leads to all pods of a Service that serve, and to nothing else. */
export function unserved(fleet: Fleet): readonly string[] {
  const services = [...fleet.desired.objects.values()].filter(({ object }) => object.kind === 'Service')
  return services.flatMap(({ key }) => {
    const { name } = keyParts(key)
    const wanted = fleet.pods
      .filter((pod) => pod.record.pod.metadata.labels?.['app'] === name)
      .filter((pod) => isAlive(pod) && !isDeleting(pod) && isServing(pod, fleet.clock.elapsedMs))
      .map(({ ip = '' }) => ip)
      .toSorted()
    return fleet.nodes.flatMap(({ name: node, traffic }) => {
      const frontend = traffic?.frontends.find(({ service }) => service === key)
      const found = (frontend?.endpoints ?? []).map(({ address }) => address).toSorted()
      return found.join() === wanted.join()
        ? []
        : [`${key} leads to [${found.join()}] on ${node}, and [${wanted.join()}] serve`]
    })
  })
}
