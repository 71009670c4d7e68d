import { describe, expect, test } from 'vitest'
import type {
  Node,
  Pod,
  PodSpec,
  PriorityClass,
  Taint,
  Toleration,
} from '../../engine/api/generated/types.ts'
import { barePod, deployment, Scene } from './scene.ts'

function priorityClass(name: string, value: number, more: Partial<PriorityClass> = {}): PriorityClass {
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, ...more }
}

/** A model node has four cores. */
function asking(name: string, cpu: string, priorityClassName?: string, more: Partial<PodSpec> = {}): Pod {
  const pod = barePod(name, 'a', { labels: { app: name } })
  const containers = pod.spec.containers.map((one) => ({ ...one, resources: { requests: { cpu } } }))
  return {
    ...pod,
    spec: { ...pod.spec, containers, ...(priorityClassName !== undefined && { priorityClassName }), ...more },
  }
}

function names(scene: Scene): readonly string[] {
  return scene.world.pods.map(({ record }) => record.pod.metadata.name ?? '').toSorted()
}

function uids(scene: Scene): readonly (string | undefined)[] {
  const pods = scene.world.pods.map(({ record }) => record.pod.metadata)
  return pods.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ uid }) => uid)
}

const HIGH = priorityClass('high', 1000)
const LOW = priorityClass('low', 10)

describe('priority', () => {
  test('the more important pod is placed first, whatever their names', () => {
    const scene = new Scene().commit(HIGH, LOW, asking('a', '3', 'low'), asking('b', '3', 'high'))
    scene.run()
    expect(names(scene)).toEqual(['b'])
  })

  test.each([
    [
      'the class for all counts where none is named',
      [LOW, priorityClass('all', 500, { globalDefault: true })],
      undefined,
    ],
    ['built-in classes need no object', [LOW], 'system-cluster-critical'],
  ])('%s', (_, classes, named) => {
    const scene = new Scene().commit(...classes, asking('a', '3', 'low'), asking('b', '3', named))
    scene.run()
    expect(names(scene)).toEqual(['b'])
  })
})

describe('preemption', () => {
  test('a less important pod goes, and its room is kept for the one that it goes for', () => {
    const scene = new Scene().commit(HIGH, LOW, asking('a', '3', 'low'))
    scene.run()
    scene.commit(HIGH, LOW, asking('a', '3', 'low'), asking('b', '3', 'high'), asking('c', '1500m', 'low'))
    const first = scene.plan()
    const deletion = first.actions.find(({ kind }) => kind === 'deletePod')
    expect(deletion).toMatchObject({
      pod: 'default/a',
      disrupts: 'preemption',
      reason: 'PreemptionByScheduler: makes room for default/b of priority 1000',
    })
    expect(deletion?.kind === 'deletePod' ? deletion.record.conditions : []).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }),
    )
    expect(scene.report('Pod', 'b', first).status).toMatchObject({
      nominatedNodeName: 'node-0',
      conditions: [
        {
          type: 'PodScheduled',
          reason: 'Unschedulable',
          message: '0/1 nodes are available: 1 Insufficient cpu.',
        },
      ],
    })
    scene.run()
    expect(names(scene)).toEqual(['b'])
    expect(scene.report('Pod', 'a').status).toMatchObject({
      conditions: [
        {
          reason: 'Unschedulable',
          message:
            '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
        },
      ],
    })
  })

  test('what preemption takes from a Deployment is no breach of its floor', () => {
    const spec = { replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } } as const
    const web = deployment('web', 'a', spec)
    const [container] = web.spec.template.spec.containers
    const containers =
      container === undefined ? [] : [{ ...container, resources: { requests: { cpu: '2' } } }]
    const template = { ...web.spec.template, spec: { ...web.spec.template.spec, containers } }
    const sized = { ...web, spec: { ...web.spec, template } }
    const scene = new Scene().commit(HIGH, sized)
    scene.run()
    scene.commit(HIGH, sized, asking('b', '3', 'high')).run()
    expect(names(scene)).toEqual(['b'])
  })

  test('nobody goes for a class that pushes nobody out', () => {
    const polite = priorityClass('polite', 1000, { preemptionPolicy: 'Never' })
    const scene = new Scene().commit(polite, asking('a', '3'))
    scene.run()
    const result = scene.commit(polite, asking('a', '3'), asking('b', '3', 'polite')).run()
    expect(names(scene)).toEqual(['a'])
    expect(result.verdicts.map(({ reason }) => reason)).toContain(
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    )
  })

  test('a budget that lets nothing go holds the pod', () => {
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'keep', namespace: 'default' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } },
    } as const
    const scene = new Scene().commit(HIGH, budget, asking('a', '3'))
    scene.run()
    const result = scene.commit(HIGH, budget, asking('a', '3'), asking('b', '3', 'high')).plan()
    expect(result.actions).toEqual([])
    expect(result.verdicts.map(({ bucket, pod, reason }) => [bucket, pod, reason])).toEqual([
      ['wait', 'default/a', 'would make room for default/b, but a PodDisruptionBudget allows no disruption'],
      [
        'wait',
        'default/b',
        '0/1 nodes are available: 1 Insufficient cpu. preemption: 1 of 1 victims are held by a PodDisruptionBudget.',
      ],
    ])
  })
})

test('a pod with scheduling gates waits, and says so', () => {
  const scene = new Scene().commit(
    asking('a', '1', undefined, { schedulingGates: [{ name: 'example.com/gate' }] }),
  )
  expect(scene.report('Pod', 'a').status).toMatchObject({
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ],
  })
})

describe('taints that drive pods out', () => {
  const TAINT: Taint = { key: 'maintenance', effect: 'NoExecute' }

  function node(...taints: readonly Taint[]): Node {
    return { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name: 'node-0' }, spec: { taints } }
  }

  function tolerant(name: string, ...tolerations: readonly Toleration[]): Pod {
    return asking(name, '100m', undefined, { tolerations })
  }

  test('one goes at once, one after its seconds, one stays', () => {
    const pods = [
      tolerant('a'),
      tolerant('b', { key: 'maintenance', operator: 'Exists', tolerationSeconds: 60 }),
      tolerant('c', { key: 'maintenance', operator: 'Exists' }),
    ]
    const scene = new Scene().commit(...pods).nodes(node())
    scene.run()
    scene.nodes(node(TAINT))
    const first = scene.plan()
    expect(first.actions.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['writeRecord', 'since when it has maintenance:NoExecute'],
      ['deletePod', 'TaintManagerEviction: node node-0 has taint maintenance:NoExecute'],
    ])
    expect(first.requeueAt?.since(scene.world.now).total('seconds')).toBe(60)
    scene.run()
    expect(names(scene)).toEqual(['b', 'c'])
    const before = uids(scene)
    scene.world.pass(60)
    scene.run()
    // As in Kubernetes, the one that is made in its place tolerates the taint for its seconds again.
    expect(uids(scene).map((uid, index) => uid === before[index])).toEqual([false, true])
    scene.nodes(node()).run()
    expect(names(scene)).toEqual(['a', 'b', 'c'])
    expect([...scene.world.records.keys()].filter((key) => key.startsWith('Node/'))).toEqual([])
  })

  test('a node that takes no new pods keeps those that it has', () => {
    const scene = new Scene().commit(tolerant('a')).nodes(node())
    scene.run()
    scene.nodes({ ...node(), spec: { unschedulable: true } }).run()
    expect(names(scene)).toEqual(['a'])
  })
})
