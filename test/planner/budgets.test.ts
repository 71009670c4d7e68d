import { describe, expect, test } from 'vitest'
import type {
  Deployment,
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
} from '../../engine/api/generated/types.ts'
import { brokenInvariants } from '../../engine/planner/invariants.ts'
import { worldOf } from '../../engine/planner/world.ts'
import { budgetNumbers } from '../../engine/controllers/podDisruptionBudget.ts'
import { barePod, deployment, Scene } from './scene.ts'

function budget(spec: PodDisruptionBudgetSpec, app = 'web'): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'keep', namespace: 'default' },
    spec: { selector: { matchLabels: { app } }, ...spec },
  }
}

function status(scene: Scene): unknown {
  return scene.report('PodDisruptionBudget', 'keep').status
}

test.each<readonly [PodDisruptionBudgetSpec, number, number, Readonly<Record<string, number>>]>([
  // https://kubernetes.io/docs/tasks/run-application/configure-pdb/: 7 replicas and 50 % are 4; with maxUnavailable 30 % of 7, 3 may be down.
  [{ minAvailable: '50%' }, 7, 7, { desiredHealthy: 4, disruptionsAllowed: 3, expectedPods: 7 }],
  [{ maxUnavailable: '30%' }, 7, 7, { desiredHealthy: 4, disruptionsAllowed: 3, expectedPods: 7 }],
  [{ minAvailable: 5 }, 7, 7, { desiredHealthy: 5, disruptionsAllowed: 2, expectedPods: 7 }],
  [{ maxUnavailable: 1 }, 7, 6, { desiredHealthy: 6, disruptionsAllowed: 0, expectedPods: 7 }],
  [{ maxUnavailable: 0 }, 7, 7, { desiredHealthy: 7, disruptionsAllowed: 0, expectedPods: 7 }],
  [{ maxUnavailable: 9 }, 7, 7, { desiredHealthy: 0, disruptionsAllowed: 7, expectedPods: 7 }],
  [{}, 7, 7, { desiredHealthy: 0, disruptionsAllowed: 7, expectedPods: 7 }],
])('%o of %i pods with %i healthy', (spec, pods, healthy, numbers) => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: pods }))
  scene.run()
  const views = worldOf(scene.snapshot(), scene.world.now).pods.map(({ view }) => view)
  const seen = views.map((view, index) => ({ ...view, ready: index < healthy }))
  expect(budgetNumbers(spec, seen, { kind: 'known', pods })).toEqual({ currentHealthy: healthy, ...numbers })
})

describe('the status', () => {
  test('is the official one, with its condition', () => {
    const scene = new Scene().commit(deployment('web', 'a', { replicas: 3 }), budget({ minAvailable: 2 }))
    scene.run()
    expect(status(scene)).toMatchObject({
      currentHealthy: 3,
      desiredHealthy: 2,
      disruptionsAllowed: 1,
      expectedPods: 3,
      observedGeneration: 1,
      conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' }],
    })
    expect(scene.plan().actions).toEqual([])
  })

  test('counts the pods that the controllers want, not those that are there', () => {
    const scene = new Scene().commit(
      deployment('web', 'a', { replicas: 20 }),
      budget({ maxUnavailable: '50%' }),
    )
    scene.run()
    // A node takes twelve.
    expect(status(scene)).toMatchObject({ currentHealthy: 12, desiredHealthy: 10, expectedPods: 20 })
  })

  test('of pods without a controller allows nothing in percent', () => {
    const scene = new Scene().commit(
      barePod('one', 'a', { labels: { app: 'web' } }),
      budget({ maxUnavailable: '50%' }),
    )
    scene.run()
    expect(status(scene)).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [{ status: 'False', reason: 'InsufficientPods' }],
    })
  })
})

const oneAtATime: Partial<Deployment['spec']> = {
  replicas: 3,
  strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 3 } },
}

describe('a rollout', () => {
  test('takes no more pods at once than the budget lets go', () => {
    const scene = new Scene().commit(deployment('web', 'a', oneAtATime), budget({ minAvailable: 2 }))
    scene.run()
    scene.commit(deployment('web', 'b', oneAtATime), budget({ minAvailable: 2 }))
    const first = scene.plan()
    expect(first.actions.filter(({ kind }) => kind === 'deletePod')).toHaveLength(1)
    expect(first.verdicts.map(({ reason }) => reason)).toContainEqual(
      expect.stringContaining(
        'PodDisruptionBudget default/keep does not let it go: 3 of its pods are healthy, 2 have to be',
      ),
    )
    let fewest = 3
    for (let tick = 0; tick < 60; tick += 1) {
      const result = scene.run(1)
      fewest = Math.min(fewest, Number(Reflect.get(Object(status(scene)), 'currentHealthy')))
      if (result.actions.length === 0) break
    }
    expect(scene.tags()).toEqual(['b', 'b', 'b'])
    expect(fewest).toBe(2)
  })

  test('waits while the budget lets nothing go, and goes on when it does', () => {
    const scene = new Scene().commit(deployment('web', 'a', oneAtATime), budget({ minAvailable: 3 }))
    scene.run()
    scene.commit(deployment('web', 'b', oneAtATime), budget({ minAvailable: 3 })).run()
    expect(scene.tags()).toEqual(['a', 'a', 'a'])
    scene.commit(deployment('web', 'b', oneAtATime), budget({ minAvailable: 0 })).run()
    expect(scene.tags()).toEqual(['b', 'b', 'b'])
  })

  test('replaces pods that are not ready whatever the budget says', () => {
    const scene = new Scene().commit(deployment('web', 'bad', oneAtATime), budget({ minAvailable: 3 }))
    scene.run(5)
    scene.commit(deployment('web', 'b', oneAtATime), budget({ minAvailable: 3 })).run()
    expect(scene.tags()).toEqual(['b', 'b', 'b'])
  })
})

test('fewer replicas are no disruption', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 3 }), budget({ minAvailable: 3 }))
  scene.run()
  scene.commit(deployment('web', 'a', { replicas: 1 }), budget({ minAvailable: 3 })).run()
  expect(scene.tags()).toEqual(['a'])
})

test('a plan that takes more than a budget lets go is found out', () => {
  const wide = deployment('web', 'a', oneAtATime)
  const scene = new Scene().commit(wide, budget({ minAvailable: 2 }))
  scene.run()
  scene.commit(deployment('web', 'b', oneAtATime), budget({ minAvailable: 0 }))
  const { actions } = scene.plan()
  expect(actions.filter(({ kind }) => kind === 'deletePod')).toHaveLength(3)
  scene.commit(deployment('web', 'b', oneAtATime), budget({ minAvailable: 2 }))
  const broken = brokenInvariants(actions, worldOf(scene.snapshot(), scene.world.now))
  expect(broken.map(({ invariant, message }) => [invariant, message])).toContainEqual([
    'budgets hold',
    'deleting 3 pods of PodDisruptionBudget/default/keep leaves 0 of its pods healthy, 2 have to be',
  ])
})
