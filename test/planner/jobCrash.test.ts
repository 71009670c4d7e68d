import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JobSpec } from '../../engine/api/generated/types.ts'
import { job, JobScene } from './jobScene.ts'

interface Step {
  /** Of the plan's actions so many are done; the engine is killed then. */
  readonly actions: number
  readonly half: boolean
  /** How the first running pod ends, if it does. */
  readonly exitCode: 0 | 1 | undefined
  readonly seconds: number
}

const steps = fc.array(
  fc.record({
    actions: fc.integer({ min: 0, max: 4 }),
    half: fc.boolean(),
    exitCode: fc.constantFrom(0 as const, 1 as const, undefined),
    seconds: fc.integer({ min: 0, max: 40 }),
  }),
  { minLength: 5, maxLength: 60 },
)

const SPECS: readonly (readonly [string, Partial<JobSpec>])[] = [
  ['plain', { completions: 6, parallelism: 3, backoffLimit: 100 }],
  ['Indexed', { completions: 6, parallelism: 3, completionMode: 'Indexed', backoffLimit: 100 }],
  [
    'Indexed with limits of each index',
    { completions: 6, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 100 },
  ],
]

test.each(SPECS)('a %s Job counts every pod once, wherever the engine is killed', (_name, spec) => {
  fc.assert(
    fc.property(steps, (story) => {
      const scene = new JobScene(2).commit(job(spec))
      const ended = { 0: 0, 1: 0 }
      for (const step of story) {
        cutOff(scene, step)
        const [pod] = scene.running
        if (pod !== undefined && step.exitCode !== undefined) {
          scene.world.end(pod, step.exitCode)
          ended[step.exitCode] += 1
        }
        scene.world.pass(step.seconds)
        expect(scene.plan().violations).toEqual([])
      }
      scene.settle()
      expect([scene.status().succeeded, scene.status().failed]).toEqual([ended[0], ended[1]])
      for (let turns = 0; turns < 20 && scene.running.length + 6 > ended[0]; turns++) {
        ended[0] += scene.running.length
        scene.endSome(0, 6)
        scene.pass(400)
      }
      expect(scene.jobConditions()).toContain('Complete=True CompletionsReached')
      expect(scene.status()).toMatchObject({ succeeded: 6, failed: ended[1], uncountedTerminatedPods: {} })
      expect(scene.plan().actions).toEqual([])
    }),
    { numRuns: 15 },
  )
})

function cutOff(scene: JobScene, { actions, half }: Step): void {
  const plan = scene.plan().actions.slice(0, actions)
  for (const [index, action] of plan.entries()) {
    scene.world.apply(action, half && index === plan.length - 1 ? 'half' : 'whole')
  }
}
