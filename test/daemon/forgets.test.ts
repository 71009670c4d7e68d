import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import type { Desired } from '../../engine/api/snapshot.ts'
import { Place, podYaml, start } from './simulated.ts'

const COMMITS = 20
const PODS = 3

/** Each commit replaces one of the pods, so that at any time pods of several commits run. */
function filesOf(commit: number): Readonly<Record<string, string>> {
  const names = Array.from({ length: PODS }, (_, i) => `pod-${i}-${Math.floor((commit + i) / PODS)}`)
  return Object.fromEntries(names.map((name) => [`${name}.yaml`, podYaml(name)]))
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  if (typeof gc !== 'function') throw new Error('there is no way to collect garbage')
  gc()
}

test('commits that have been replaced, and what was planned for them, are let go of', async () => {
  const place = new Place()
  const refs = new Map<string, WeakRef<Desired>>()
  place.repository.commit(filesOf(0))
  const running = start(place, {
    onTick({ snapshot }) {
      if (snapshot !== undefined) refs.set(snapshot.desired.commit, new WeakRef(snapshot.desired))
    },
  })
  onTestFinished(() => running.end())
  for (let commit = 1; commit <= COMMITS; commit += 1) {
    const id = place.repository.commit(filesOf(commit))
    running.daemon.nudge()
    await running.until((event) => event.kind === 'commitHealthy' && event.commit === id)
  }
  // What a WeakRef was made of stays until the turn of the event loop is over.
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  collectGarbage()
  const held = [...refs.values()].filter((ref) => ref.deref() !== undefined)
  expect(refs.size).toBeGreaterThanOrEqual(COMMITS)
  // The one in force, the one before it, and that which the loop began with.
  expect(held.length).toBeLessThanOrEqual(3)
})
