import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { NodeName } from '../../engine/api/names.ts'
import type { Desired, ObservedNode, Snapshot } from '../../engine/api/snapshot.ts'
import { planJson } from '../../engine/planner/json.ts'
import { plan } from '../../engine/planner/plan.ts'
import { barePod, deployment, Scene } from './scene.ts'

/** So many that one of them is a small part, which is put into the order of before. */
const NODES = 40

/** As the engine's observer: what has not changed is the very same object as before. */
class Keeper {
  readonly #nodes = new Map<NodeName, ObservedNode>()
  #desired: Desired | undefined

  keep(snapshot: Snapshot): Snapshot {
    const nodes = new Map<NodeName, ObservedNode>()
    for (const [name, node] of snapshot.observed.nodes) {
      const before = this.#nodes.get(name)
      const kept = before !== undefined && isDeepStrictEqual(before, node) ? before : withPods(before, node)
      this.#nodes.set(name, kept)
      nodes.set(name, kept)
    }
    if (this.#desired === undefined || !isDeepStrictEqual(this.#desired, snapshot.desired))
      this.#desired = snapshot.desired
    return { ...snapshot, desired: this.#desired, observed: { nodes } }
  }
}

function withPods(before: ObservedNode | undefined, node: ObservedNode): ObservedNode {
  const pods = [...node.pods].map(([uid, pod]) => {
    const known = before?.pods.get(uid)
    return [uid, known !== undefined && isDeepStrictEqual(known, pod) ? known : pod] as const
  })
  return { ...node, pods: new Map(pods) }
}

/** Nothing is remembered of a commit that nobody has seen. */
function afresh(snapshot: Snapshot): Snapshot {
  return structuredClone(snapshot)
}

test('what is remembered from plan to plan changes no plan', () => {
  const scene = new Scene(NODES)
  const keeper = new Keeper()
  const objects = (tag: string, replicas: number) => [
    barePod('one', tag),
    deployment('web', tag, { replicas }),
    deployment('api', 'a', { replicas: 9 }),
    ...Array.from({ length: 8 }, (_, index) => deployment(`app-${index}`, 'a', { replicas: 6 })),
  ]
  const commits = [
    objects('a', 6),
    objects('b', 4),
    objects('bad', 7),
    objects('c', 2).slice(1),
    objects('c', 5),
  ]
  let compared = 0
  commits.forEach((commit, number) => {
    scene.commit(...commit)
    for (let tick = 0; tick < 14; tick += 1) {
      weather(scene, number * 14 + tick)
      const snapshot = keeper.keep(scene.snapshot())
      const result = plan(snapshot, scene.world.now)
      const fresh = plan(afresh(snapshot), scene.world.now)
      expect(JSON.stringify(planJson(result))).toBe(JSON.stringify(planJson(fresh)))
      expect([...result.statuses].map(([key, report]) => [key, JSON.stringify(report)])).toEqual(
        [...fresh.statuses].map(([key, report]) => [key, JSON.stringify(report)]),
      )
      compared += 1
      for (const action of result.actions) scene.world.apply(action, tick % 5 === 4 ? 'half' : 'whole')
      scene.world.pass(1)
      scene.world.restartDue()
    }
  })
  expect(compared).toBe(70)
})

/** Something different at each step: crashes, silence, a reboot, a lost record. */
function weather(scene: Scene, step: number): void {
  if (step % 3 === 0) scene.world.crash(step)
  if (step % 7 === 2) scene.world.setReachable(step, false)
  if (step % 7 === 4) for (let node = 0; node < NODES; node += 1) scene.world.setReachable(node, true)
  if (step % 11 === 5) scene.world.reboot(step)
  if (step % 13 === 6) scene.world.forget(step % 5)
}
