import { expect, test } from 'vitest'
import { officialObjects } from '../../engine/planner/official.ts'
import { barePod, Scene } from './scene.ts'

test('a Pod that is about to be made is Pending, as the API server has it from its creation on', () => {
  const scene = new Scene(1).commit(barePod('one', '1'))
  const plan = scene.plan()
  expect(plan.actions.map(({ kind }) => kind)).toContain('createPod')
  const [pod] = officialObjects(plan, scene.snapshot())
  expect(pod).toMatchObject({ kind: 'Pod', metadata: { name: 'one' }, status: { phase: 'Pending' } })
})
