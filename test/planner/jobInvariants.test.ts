import { expect, test } from 'vitest'
import type { CreatePod } from '../../engine/api/plan.ts'
import { podUid } from '../../engine/api/names.ts'
import { brokenInvariants } from '../../engine/planner/invariants.ts'
import { worldOf } from '../../engine/planner/world.ts'
import { job, JobScene } from './jobScene.ts'

/** What is said of plans that make these pods a second time, under other names. */
function said(scene: JobScene, creates: readonly CreatePod[]): readonly string[] {
  const again = creates.map(
    (create, index): CreatePod => ({ ...create, uid: podUid(`twin-${index}`), pod: `default/twin-${index}` }),
  )
  return brokenInvariants(again, worldOf(scene.snapshot(), scene.world.now)).map(({ invariant }) => invariant)
}

function creates(scene: JobScene): readonly CreatePod[] {
  return scene.plan().actions.flatMap((action) => (action.kind === 'createPod' ? [action] : []))
}

const WANTED = { completionMode: 'Indexed', completions: 4, parallelism: 3 } as const

test('two pods of one index, more than the parallelism, and pods of a Job that has ended are bugs', () => {
  const scene = new JobScene().commit(job(WANTED))
  const first = creates(scene)
  expect([first.length, said(scene, first)]).toEqual([3, []])
  scene.settle()
  expect(new Set(said(scene, first))).toEqual(
    new Set(["a Job's pods stay within its parallelism", 'never two live copies of one index']),
  )
  scene.endSome(0, 3)
  scene.endSome(0, 1)
  expect(said(scene, first.slice(0, 1))).toEqual(['a Job that has ended makes no pod'])
})
