import { type NodeName, type PodUid, podUid } from '../../api/names.ts'
import { merged } from '../../runtimes/merged.ts'
import { messageOf } from '../../reconciler/problems.ts'
import { type NodeListing, type Runtime, RuntimeFailure } from '../../runtimes/runtime.ts'

export type Nodes = ReadonlyMap<NodeName, Runtime>

/**
 * All nodes as one, for commands that ask about a pod and do not care where it is. Object records are the head's. What makes and ends pods is
 * asked of the node itself: the head has none.
 */
export function fleetRuntime(nodes: Nodes, head: Runtime): Runtime {
  return { ...head, ...wholeVerbs(nodes), ...podVerbs(nodes) }
}

type WholeVerbs = Pick<Runtime, 'check' | 'prepare' | 'list' | 'events' | 'emptyTrash' | 'collectImages'>

function wholeVerbs(nodes: Nodes): WholeVerbs {
  const all = [...nodes.values()]
  return {
    // A node that does not answer is the loop's to tell of, for as long as another one does.
    check: async (signal) => await firstAnswer(all.map((node) => node.check(signal))),
    prepare: async (signal) => await firstAnswer(all.map((node) => node.prepare(signal))),
    list: async (signal) => await listAll(nodes, signal),
    events: (signal) => merged(all.map((node) => node.events(signal))),
    emptyTrash: async (before, signal) =>
      (await answers(all.map((node) => node.emptyTrash(before, signal)))).flat(),
    collectImages: async (keep, signal) => {
      const freed = await answers(all.map((node) => node.collectImages(keep, signal)))
      return {
        images: freed.reduce((sum, { images }) => sum + images, 0),
        bytes: freed.reduce((sum, { bytes }) => sum + bytes, 0),
      }
    },
  }
}

async function firstAnswer<T>(asked: readonly Promise<T>[]): Promise<T> {
  const [first] = await answers(asked)
  if (first === undefined) throw new Error('asking the nodes: there is none')
  return first
}

/** Of those that answer. Rejects when nobody does, with the first one's reason. */
async function answers<T>(asked: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(asked)
  const good = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const bad = settled.find((one) => one.status === 'rejected')
  if (good.length === 0 && bad !== undefined) throw bad.reason
  return good
}

/** Of the nodes that answer: what is on them can be asked about while another one is off. */
async function listAll(nodes: Nodes, signal?: AbortSignal): Promise<NodeListing> {
  const silent: string[] = []
  const asked = [...nodes].map(async ([name, node]) => {
    try {
      return await node.list(signal)
    } catch (error) {
      silent.push(`node ${name} does not answer: ${messageOf(error)}`)
      throw error
    }
  })
  const listings = await answers(asked)
  return {
    pods: new Map(listings.flatMap(({ pods }) => [...pods])),
    unreadable: listings.flatMap(({ unreadable }) => unreadable),
    ...(silent.length > 0 && { silent: silent.toSorted() }),
  }
}

type PodVerbs = Pick<
  Runtime,
  | 'inspect'
  | 'exec'
  | 'execInteractive'
  | 'logs'
  | 'stats'
  | 'freezePod'
  | 'thawPod'
  | 'sayConditions'
  | 'tell'
  | 'writePodRecord'
  | 'connect'
>

function podVerbs(nodes: Nodes): PodVerbs {
  const known = new Map<PodUid, Runtime>()
  const find = async (uid: PodUid, signal?: AbortSignal): Promise<Runtime | undefined> => {
    const node = known.get(uid) ?? (await nodeWith(nodes, (pods) => pods.has(uid), signal))
    // A pod never moves.
    if (node !== undefined) known.set(uid, node)
    return node
  }
  const nodeOf = async (uid: PodUid, signal?: AbortSignal): Promise<Runtime> =>
    found(await find(uid, signal), `pod ${uid}`)
  return {
    inspect: async (uid, signal) => await (await find(uid, signal))?.inspect(uid, signal),
    exec: async (request, signal) => await (await nodeOf(request.uid, signal)).exec(request, signal),
    execInteractive: async (request) => await (await nodeOf(request.uid)).execInteractive(request),
    async *logs(request, signal) {
      yield* (await nodeOf(request.uid, signal)).logs(request, signal)
    },
    stats: async (uid, signal) => await (await nodeOf(uid, signal)).stats(uid, signal),
    freezePod: async (uid, signal) => await (await nodeOf(uid, signal)).freezePod(uid, signal),
    thawPod: async (uid, signal) => await (await nodeOf(uid, signal)).thawPod(uid, signal),
    sayConditions: async (uid, said, signal) =>
      await (await nodeOf(uid, signal)).sayConditions(uid, said, signal),
    tell: async (uid, signal) => await (await nodeOf(uid, signal)).tell(uid, signal),
    writePodRecord: async (record, signal) => {
      const node = await nodeOf(podUid(record.pod.metadata.uid ?? ''), signal)
      await node.writePodRecord(record, signal)
    },
    connect: async (address, port, signal) => {
      const has = (pods: NodeListing['pods']): boolean => [...pods.values()].some(({ ip }) => ip === address)
      const node = found(await nodeWith(nodes, has, signal), `a pod at ${address}`)
      return await node.connect(address, port, signal)
    },
  }
}

function found(node: Runtime | undefined, what: string): Runtime {
  if (node === undefined) throw new RuntimeFailure('NotFound', `no node has ${what}`)
  return node
}

/** Rejects when none has it and one does not answer, which may have it. */
async function nodeWith(
  nodes: Nodes,
  has: (pods: NodeListing['pods']) => boolean,
  signal?: AbortSignal,
): Promise<Runtime | undefined> {
  const asked = [...nodes.values()].map(async (node) => ({ node, listing: await node.list(signal) }))
  const settled = await Promise.allSettled(asked)
  for (const one of settled)
    if (one.status === 'fulfilled' && has(one.value.listing.pods)) return one.value.node
  for (const one of settled) if (one.status === 'rejected') throw one.reason
  return undefined
}
