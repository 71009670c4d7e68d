import { expect, test } from 'vitest'
import type { KubernetesObject, PodDisruptionBudget } from '../../../engine/api/generated/types.ts'
import type { NodeName } from '../../../engine/api/names.ts'
import { nodeName } from '../../../engine/api/names.ts'
import type { Snapshot } from '../../../engine/api/snapshot.ts'
import { parseScenario, scenarioOf } from '../../../engine/planner/scenario.ts'
import { observeOnce } from '../../../engine/reconciler/observeOnce.ts'
import { type Rehearsed, rehearse } from '../../../engine/reconciler/rehearsal.ts'
import type { ProgressEvent } from '../../../engine/reconciler/progress.ts'
import { createLoop } from '../../../engine/reconciler/loop.ts'
import { VirtualClock } from '../../../engine/runtimes/simulated/clock.ts'
import { SimulatedNode } from '../../../engine/runtimes/simulated/node.ts'
import type { SimulatedUse } from '../../../engine/runtimes/simulated/pod.ts'
import { connectTo } from '../../../engine/runtimes/simulated/runtime.ts'
import { runsForever } from '../../../engine/runtimes/simulated/script.ts'
import { container, deployment, desiredOf } from './manifests.ts'

const NAMES = ['a', 'b', 'c'].map(nodeName)
const [HEAD = nodeName('a')] = NAMES

interface Fleet {
  readonly clock: VirtualClock
  readonly nodes: ReadonlyMap<NodeName, SimulatedNode>
  readonly snapshot: Snapshot
}

interface Life {
  readonly use?: (nodes: Fleet['nodes']) => SimulatedUse
  /** How long they have been healthy. */
  readonly runMs?: number
}

/** Nodes on which these objects are healthy. */
async function fleet(objects: readonly KubernetesObject[], life: Life = {}): Promise<Fleet> {
  const clock = new VirtualClock()
  const nodes = new Map(NAMES.map((name) => [name, new SimulatedNode(name, clock, runsForever)]))
  const { runMs = 0, use } = life
  if (use !== undefined) for (const node of nodes.values()) node.useOf = () => use(nodes)
  const runtimes = new Map([...nodes].map(([name, node]) => [name, connectTo(node).runtime]))
  const desired = desiredOf('a'.repeat(40), objects)
  const ending = new AbortController()
  const loop = createLoop({ runtimes, clock, desired, signal: ending.signal })
  const running = loop.run()
  await clock.runUntil(loop.untilHealthy({ timeoutMs: 600_000 }))
  if (runMs > 0) await clock.runFor(runMs)
  ending.abort()
  await clock.runUntil(running)
  return { clock, nodes, snapshot: await clock.runUntil(observeOnce(runtimes, desired, clock)) }
}

interface Rehearsal extends Rehearsed {
  /** `kind pod`, of what was done. */
  readonly done: readonly string[]
  readonly events: readonly ProgressEvent[]
}

async function rehearsed({ clock, snapshot }: Fleet, text: string): Promise<Rehearsal> {
  const happenings = parseScenario(text)
  if (happenings.kind === 'wrong') throw new Error(happenings.message)
  const scenario = scenarioOf(happenings.value, snapshot, HEAD)
  if (scenario.kind === 'wrong') throw new Error(scenario.message)
  const events: ProgressEvent[] = []
  const result = await rehearse({
    snapshot,
    scenario: scenario.value,
    head: HEAD,
    now: clock.now(),
    signal: new AbortController().signal,
    onProgress: (event) => events.push(event),
  })
  const done = events.flatMap((event) =>
    event.kind === 'actionEnded' && 'uid' in event.action
      ? [`${event.action.kind} ${event.action.node}`]
      : [],
  )
  return { ...result, events, done }
}

/** What runs, node by node. */
function counts({ end }: Rehearsal): Readonly<Record<string, number>> {
  const nodes = [...(end.snapshot?.observed.nodes.values() ?? [])]
  return Object.fromEntries(nodes.map(({ name, pods }) => [name, pods.size]))
}

test('where nothing happens, nothing is done', async () => {
  const web = await fleet([deployment('web', { replicas: 6 })])
  const result = await rehearsed(web, 'object=Deployment/web replicas=6')
  expect(result).toMatchObject({ kind: 'settled', tookMs: 0, done: [] })
  expect(counts(result)).toEqual({ a: 2, b: 2, c: 2 })
})

test('more replicas are spread over the nodes, and the real ones are not touched', async () => {
  const web = await fleet([deployment('web', { replicas: 3 })])
  const facts = [...web.nodes.values()].map((node) => node.facts.length)
  const records = [...web.nodes.values()].map((node) => [...node.objectRecords])
  const result = await rehearsed(web, 'object=Deployment/default/web replicas=9')
  expect(counts(result)).toEqual({ a: 3, b: 3, c: 3 })
  expect(result.end.plan?.actions).toEqual([])
  expect([...web.nodes.values()].map((node) => node.facts.length)).toEqual(facts)
  expect([...web.nodes.values()].map((node) => [...node.objectRecords])).toEqual(records)
  expect([...web.nodes.values()].map((node) => node.pods.size)).toEqual([1, 1, 1])
})

test('of a node that is down nobody knows, and after five minutes others take the place of its pods', async () => {
  const web = await fleet([deployment('web', { replicas: 6 })])
  const result = await rehearsed(web, 'node=b down')
  expect(result.events).toContainEqual(
    expect.objectContaining({ kind: 'nodeChanged', node: 'b', reachable: false }),
  )
  expect(result.done.filter((one) => one.startsWith('createPod'))).toEqual(['createPod a', 'createPod c'])
  expect(result.done.filter((one) => one.endsWith(' b'))).toEqual([])
  const unknown = result.end.plan?.verdicts.filter(({ bucket }) => bucket === 'unknown')
  expect(unknown).toHaveLength(2)
})

test('a node that is drained gives its pods to the others', async () => {
  const web = await fleet([deployment('web', { replicas: 6 })])
  const result = await rehearsed(web, 'node=b drained')
  expect(counts(result)).toEqual({ a: 3, b: 0, c: 3 })
})

test('onto a node that takes no more pods none comes, and a new one takes its share', async () => {
  const web = await fleet([deployment('web', { replicas: 3 })])
  const result = await rehearsed(web, 'node=b unschedulable, node=d added, object=Deployment/web replicas=9')
  expect(counts(result)).toMatchObject({ b: 1 })
  expect(counts(result)['d']).toBeGreaterThan(1)
})

test('what ran on a node that was rebooted is made again there', async () => {
  const web = await fleet([deployment('web', { replicas: 3 })])
  const result = await rehearsed(web, 'node=b rebooted')
  expect(counts(result)).toEqual({ a: 1, b: 1, c: 1 })
  expect(
    result.done.filter((one) => one.startsWith('createPod') || one.startsWith('startContainers')),
  ).toEqual(['createPod b', 'startContainers b'])
})

test('what is deleted goes', async () => {
  const web = await fleet([deployment('web', { replicas: 3 }), deployment('api', { replicas: 1 })])
  const result = await rehearsed(web, 'object=Deployment/web deleted')
  expect(Object.values(counts(result)).reduce((sum, count) => sum + count, 0)).toBe(1)
})

const AUTOSCALER: KubernetesObject = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'default' },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 5 },
}

test('autoscaled pods are taken to go on using what they used, however many share it', async () => {
  const requests = { requests: { cpu: '100m' } }
  const web = deployment('web', {}, { containers: [container('app', { resources: requests })] })
  const use = (nodes: ReadonlyMap<NodeName, SimulatedNode>) => {
    const pods = [...nodes.values()].reduce((sum, node) => sum + node.pods.size, 0)
    return { cpuMillis: 300 / Math.max(1, pods), memoryBytes: 0 }
  }
  // 300m of 100m each at 80 % are 4 pods
  const calm = await fleet([web, AUTOSCALER], { use, runMs: 120_000 })
  expect([...calm.nodes.values()].reduce((sum, node) => sum + node.pods.size, 0)).toBe(4)
  const result = await rehearsed(calm, 'node=b drained')
  expect(result.kind).toBe('settled')
  expect(counts(result)).toEqual({ a: 2, b: 0, c: 2 })
})

test.each([
  ['', '"" is no happening: write node=NAME'],
  ['node=b', '"node=b" is no happening: write node=NAME'],
  ['pod=x down', '"pod=x" is neither a node nor an object'],
  ['node=b gone', 'a node cannot be "gone": it can be down, rebooted, drained, unschedulable, added'],
  ['object=Deployment down', '"Deployment" names no object'],
  ['object=Deployment/web down', 'an object cannot be "down": it can be deleted, or have replicas=N'],
  ['object=Deployment/web replicas=many', 'an object cannot be "replicas=many"'],
  ['node=x down', 'there is no node x: there is a, b, c'],
  ['node=b added', 'there is a node b already'],
  ['node=a down', 'a is where the engine runs'],
  [
    'object=Deployment/other/web deleted',
    'the commit has no Deployment other/web: there is Deployment/default/api, Deployment/default/web',
  ],
  ['object=HorizontalPodAutoscaler/web replicas=1', 'a HorizontalPodAutoscaler has no replicas'],
  [
    'object=Deployment/web replicas=1',
    'how many replicas Deployment web has is for HorizontalPodAutoscaler web to say',
  ],
])('%s is refused: %s', async (text, message) => {
  const { snapshot } = await fleet([])
  const { desired } = await fleet([deployment('web'), deployment('api'), AUTOSCALER]).then(
    (one) => one.snapshot,
  )
  const parsed = parseScenario(text)
  const result = parsed.kind === 'wrong' ? parsed : scenarioOf(parsed.value, { ...snapshot, desired }, HEAD)
  expect(result).toEqual({ kind: 'wrong', message: expect.stringContaining(message) })
})

test('a drain that is played forward keeps to the budgets', async () => {
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'web' } } },
  }
  const web = await fleet([deployment('web', { replicas: 6 }), budget])
  const result = await rehearsed(web, 'node=b drained')
  expect(counts(result)).toEqual({ a: 2, b: 2, c: 2 })
  const held = result.end.plan?.verdicts.filter(({ reason }) => reason.startsWith('Cannot evict pod'))
  expect(held).toHaveLength(2)
})
