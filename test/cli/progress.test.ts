import { expect, test } from 'vitest'
import { createProgress } from '../../engine/cli/progress.ts'
import { createPod, START } from '../reconciler/support.ts'
import { createWorld } from '../simulation/loop/engine.ts'
import { cliWorld } from './simulated.ts'

test('what fails again and again in the same way is told once, and anew when it fails otherwise', () => {
  const world = cliWorld(createWorld())
  const progress = createProgress('text', world)
  const fail = (message: string): void =>
    progress.event({
      kind: 'actionFailed',
      at: START,
      action: createPod('x'),
      durationMs: 1,
      problems: [{ container: '', reason: 'NodeFileError', message, certain: false }],
    })
  for (const message of ['full', 'full', 'broken', 'full']) fail(message)
  expect(world.shown().stderr).toBe(
    ['full', 'broken', 'full'].map((message) => `pod default/x: NodeFileError: ${message}\n`).join(''),
  )
})
