import type { Service } from '../../api/generated/types.ts'
import type { NodeName, ObjectKey } from '../../api/names.ts'
import type { Observed } from '../../api/snapshot.ts'
import type { TrafficProblem } from '../../api/traffic.ts'
import { inOrder } from '../inOrder.ts'

/** What the nodes mean for all Services at once. */
export interface Outside {
  /** Two of the same text say the same. */
  readonly text: string
  /** Of every node, by name: they stand for a load balancer. */
  readonly addresses: ReadonlyMap<NodeName, readonly string[]>
  /** Undefined: no node has been asked for anything yet. */
  readonly problemsOf: (service: ObjectKey) => readonly TrafficProblem[] | undefined
}

export function outsideOf({ nodes }: Observed): Outside {
  const all = inOrder([...nodes.values()], ({ name }) => name)
  const addresses = new Map(all.map(({ info, name }) => [name, info?.addresses ?? []]))
  const asked = all.filter(({ reachable, serving, trafficProblems }) => {
    return reachable && (serving !== undefined || trafficProblems !== undefined)
  })
  const problems = asked.flatMap(({ name, trafficProblems = [] }) =>
    trafficProblems.map((problem) => ({ ...problem, message: `node ${name}: ${problem.message}` })),
  )
  const byService = Map.groupBy(problems, ({ service }) => service)
  const common = byService.get(undefined) ?? NO_PROBLEMS
  return {
    text: JSON.stringify([[...addresses], problems, asked.length > 0]),
    addresses,
    problemsOf: (service) => {
      if (asked.length === 0) return undefined
      const own = byService.get(service)
      if (own === undefined) return common
      return [...common, ...own]
    },
  }
}

export const NO_PROBLEMS: readonly TrafficProblem[] = []

export interface Outsider {
  readonly key: ObjectKey
  readonly service: Service
  readonly created: string
}

/**
 * Ports that Services want at the same address: the nodes' own, for those of type LoadBalancer, and externalIPs. The older Service has it;
 * of the others, why they do not. What they have beside is theirs.
 */
export function conflicts(services: readonly Outsider[]): ReadonlyMap<ObjectKey, TrafficProblem> {
  const holders = new Map<string, ObjectKey>()
  const found = new Map<ObjectKey, TrafficProblem>()
  for (const { key, service } of inOrder(services, ({ created, key }) => `${created} ${key}`)) {
    const places = placesOf(service)
    const taken = places.find(({ place }) => holders.has(place))
    if (taken === undefined) {
      for (const { place } of places) holders.set(place, key)
      continue
    }
    const holder = holders.get(taken.place)?.replace('/', ' ') ?? ''
    found.set(key, { service: key, reason: 'PortInUse', message: `${taken.text} is taken by ${holder}` })
  }
  return found
}

interface PlaceText {
  readonly place: string
  readonly text: string
}

function placesOf({ spec }: Service): readonly PlaceText[] {
  const { externalIPs = [], ports = [], type } = spec
  if (type === 'ExternalName') return []
  return ports.flatMap(({ port, protocol = 'TCP' }) => [
    ...externalIPs.map((ip) => ({
      place: `${ip} ${protocol} ${port}`,
      text: `${port}/${protocol} of ${ip}`,
    })),
    ...(type === 'LoadBalancer'
      ? [{ place: `nodes ${protocol} ${port}`, text: `${port}/${protocol} of the nodes` }]
      : []),
  ])
}
