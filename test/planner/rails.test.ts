import { expect, test } from 'vitest'
import type { KubernetesObject, PersistentVolumeClaim } from '../../engine/api/generated/types.ts'
import { inForceAfter } from '../../engine/api/sync.ts'
import { approve } from '../../engine/api/syncWords.ts'
import { withLosses } from '../../engine/planner/losses.ts'
import { type Candidate, type Current, judgeCommit, lossLines } from '../../engine/planner/rails.ts'
import { barePod, deployment, minutely, Scene } from './scene.ts'
import { daemonSet, statefulSet } from './sets.ts'

const AT = '2026-01-01T00:00:00Z'

/** What runs, as a commit called `c` made it. */
function running(...objects: readonly KubernetesObject[]): Scene {
  const scene = new Scene().commit(...objects)
  scene.run()
  return scene.remember((memory) => inForceAfter(memory, scene.desired))
}

/** The next commit, called `d`. */
function judged(
  scene: Scene,
  objects: readonly KubernetesObject[],
  more: Partial<Candidate & Current> = {},
): readonly string[] {
  const { observed, records } = withLosses(scene.snapshot(), scene.world.now)
  const { inForce, pathGone } = more
  const desired = scene.commit(...objects).called('d').desired
  const candidate = { desired, ...(pathGone && { pathGone }) }
  const judgement = judgeCommit(candidate, { observed, records, ...(inForce && { inForce }) })
  return judgement.kind === 'accepted' ? [] : [...judgement.reasons, ...lossLines(judgement)]
}

const four = ['a', 'b', 'c', 'd'].map((name) => deployment(name, '1'))

function claim(name: string): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
}

function using(name: string, claimName: string): KubernetesObject {
  const pod = barePod(name, '1')
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName } }]
  return { ...pod, spec: { ...pod.spec, volumes } }
}

test('the first commit of a root passes, and so does one that asks for nothing where nothing runs', () => {
  expect(judged(new Scene(), four)).toEqual([])
  expect(judged(new Scene(), [])).toEqual([])
})

test('half of the running objects may go with one commit, and more may not', () => {
  expect(judged(running(...four), four.slice(2))).toEqual([])
  expect(judged(running(...four), four.slice(3))).toEqual([
    'it would delete 3 of 4 running objects, which is 75 %, and spec.sync.maxDeletePercent in force is 50',
    'Deployment default/a',
    'Deployment default/b',
    'Deployment default/c',
  ])
})

test('a commit without objects is held whatever share is allowed', () => {
  const scene = running(barePod('a', '1'))
  scene.sync({ maxDeletePercent: 100 }).remember((memory) => inForceAfter(memory, scene.desired))
  expect(judged(scene, [])).toEqual(['the commit has no objects at all', 'Pod default/a'])
})

test('a commit without the folder is held, with what runs from it', () => {
  const [reason] = judged(running(barePod('a', '1')), [], { pathGone: true })
  expect(reason).toBe('the folder that is read is not in the commit')
})

test.each([
  { of: 1, left: 0, most: 50, isHeld: true },
  { of: 1, left: 0, most: 99, isHeld: true },
  { of: 1, left: 0, most: 100, isHeld: false },
  { of: 2, left: 1, most: 50, isHeld: false },
  { of: 2, left: 1, most: 49, isHeld: true },
  { of: 3, left: 1, most: 66, isHeld: true },
  { of: 3, left: 1, most: 67, isHeld: false },
  { of: 4, left: 3, most: 0, isHeld: true },
  { of: 4, left: 4, most: 0, isHeld: false },
])('of $of objects $left stay, and $most % may go: held is $isHeld', ({ of, left, most, isHeld }) => {
  const scene = running(...four.slice(0, of)).sync({ maxDeletePercent: most })
  scene.remember((memory) => inForceAfter(memory, scene.desired))
  // Something new comes each time: an empty commit is another reason.
  expect(judged(scene, [...four.slice(0, left), deployment('new', '1')]).length > 0).toBe(isHeld)
})

test('a commit does not open its own gate: the share that counts is that of the commit in force', () => {
  const scene = running(...four).sync({ maxDeletePercent: 100 })
  expect(judged(scene, four.slice(3))[0]).toContain('maxDeletePercent in force is 50')
})

test('an object that was given another name counts as deleted', () => {
  expect(judged(running(deployment('web', '1')), [deployment('www', '1')])).toEqual([
    'it would delete 1 of 1 running objects, which is 100 %, and spec.sync.maxDeletePercent in force is 50',
    'Deployment default/web',
  ])
})

test('what was made from an object is part of it: ReplicaSets, Jobs of a CronJob and pods count nothing', () => {
  const tick = minutely('tick')
  const web = deployment('web', '1', { replicas: 3 })
  const scene = new Scene().commit(web, tick)
  scene.run()
  scene.world.pass(61)
  scene.run(5)
  expect([...scene.world.records.values()].map(({ object }) => object.kind)).toContain('Job')
  expect(judged(scene, [web])).toEqual([])
  expect(judged(scene, [tick])).toEqual([])
  expect(judged(scene, [daemonSet('new', '1')])).toContain('CronJob default/tick')
  expect(judged(scene, [daemonSet('new', '1')])).toHaveLength(3)
})

test('the data that would go is named, of claims and of StatefulSets that give theirs up', () => {
  const db = statefulSet('db', '1', {
    replicas: 1,
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim('data').spec }],
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
  })
  const scene = running(claim('own'), using('user', 'own'), db)
  expect(judged(scene, [])).toEqual([
    'the commit has no objects at all',
    'it would delete 3 of 3 running objects, which is 100 %, and spec.sync.maxDeletePercent in force is 50',
    'PersistentVolumeClaim default/own, with its data',
    'Pod default/user',
    'StatefulSet default/db',
    'PersistentVolumeClaim default/data-db-0, with its data: it goes with its owner',
  ])
})

test('claims that a StatefulSet leaves behind are no objects of the repository', () => {
  const db = statefulSet('db', '1', {
    replicas: 3,
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim('data').spec }],
  })
  expect(judged(running(db, deployment('web', '1')), [deployment('web', '1')])).toEqual([])
})

test('what is never pruned does not count among what goes, and neither does what is suspended', () => {
  const kept = barePod('kept', '1', { annotations: { 'reconcile.dev/prune': 'false' } })
  expect(judged(running(kept), [])).toEqual([])
  const scene = running(barePod('left', '1'))
  const object = [...scene.desired.objects.keys()][0]
  if (object === undefined) throw new Error('no object')
  scene.remember((memory) => ({ ...memory, suspended: [{ object, since: AT }] }))
  expect(judged(scene, [])).toEqual([])
})

test('nothing is held while everything is only looked at; the commit that ends this is held', () => {
  const scene = running(...four)
  expect(judged(scene.sync({ mode: 'detect' }), [])).toEqual([])
  scene.remember((memory) => inForceAfter(memory, { ...scene.desired, commit: 'b'.repeat(40) }))
  const inForce = scene.desired.objects
  expect(inForce.size).toBe(0)
  expect(judged(scene.sync({ mode: 'heal' }), [], { inForce })).toHaveLength(2 + four.length)
})

test('an approved commit passes, and its approval ends with the next commit that is put in force', () => {
  const scene = running(...four)
  const commit = 'd'.repeat(40)
  scene.remember((memory) => {
    const held = { commit, reasons: ['x'], objects: [], data: [], at: AT }
    const said = approve({ ...memory, held }, 'dddd', AT)
    if (said.kind === 'refused') throw new Error(said.message)
    return said.memory
  })
  expect(judged(scene, [])).toEqual([])
  scene.remember((memory) => inForceAfter(memory, { ...scene.desired, commit: 'e'.repeat(40) }))
  expect(judged(scene, [])).not.toEqual([])
})

test('the commit in force is not judged again, but files that may have changed are', () => {
  const scene = running(...four)
  scene.remember((memory) => inForceAfter(memory, { ...scene.desired, commit: 'd'.repeat(40) }))
  expect(judged(scene, [])).toEqual([])
  const { observed, records } = scene.snapshot()
  const desired = { ...scene.commit().desired, commit: 'uncommitted' }
  expect(judgeCommit({ desired }, { observed, records }).kind).toBe('held')
})

test('what the commit in force has not is on its way out already, and does not count', () => {
  const scene = running(...four)
  const inForce = scene.commit(...four.slice(2)).desired.objects
  expect(judged(scene, [deployment('new', '1'), ...four.slice(3)], { inForce })).toEqual([])
  expect(judged(scene, [deployment('new', '1')], { inForce })).toContain('Deployment default/c')
  expect(judged(scene, [deployment('new', '1')], { inForce })).not.toContain('Deployment default/a')
})

test('pods of a node that does not answer count, and a node that was never read holds what deletes anything', () => {
  const scene = running(barePod('a', '1'), barePod('b', '1'))
  scene.world.setReachable(0, false)
  expect(judged(scene, [])[0]).toBe('the commit has no objects at all')
  const both = [barePod('a', '1'), barePod('b', '1'), barePod('c', '1')]
  const inForce = scene.commit(...both).desired.objects
  scene.unread('node-0')
  expect(judged(scene, both, { inForce })).toEqual([])
  expect(judged(scene, both.slice(1), { inForce })).toEqual([
    'it would delete objects, and what runs on node node-0 is not known',
    'Pod default/a',
  ])
})

test('a node of a fleet that was not read since the engine began has the pods that are on record, and holds nothing', () => {
  const nodes = ['node-0', 'node-1'].map(
    (name) =>
      ({
        apiVersion: 'reconcile.dev/v1',
        kind: 'Node',
        metadata: { name },
        spec: { address: `ssh://${name}` },
      }) as const,
  )
  const scene = new Scene(2).nodes(...nodes).commit(...four)
  scene.run()
  scene.remember((memory) => inForceAfter(memory, scene.desired)).unread('node-1')
  expect(judged(scene, four.slice(2))).toEqual([])
  const [reason, ...lost] = judged(scene, four.slice(3))
  expect(reason).toBe(
    'it would delete 3 of 4 running objects, which is 75 %, and spec.sync.maxDeletePercent in force is 50',
  )
  expect(lost).toHaveLength(3)
})

test.each([
  { asked: 'abc', says: '"abc" is too short for a commit: give at least 4 letters of its id' },
  { asked: 'abcd', says: 'no commit is held' },
  {
    asked: 'abcd',
    held: 'f'.repeat(40),
    says: 'commit abcd is not held; the one that is held is ffffffffffff',
  },
  { asked: 'cccc', says: 'commit cccc is in force already' },
  {
    asked: 'uncommitted',
    held: 'uncommitted',
    says: 'what is held are uncommitted files, which may change: reconcile --once --approve applies them',
  },
])('approving $asked says: $says', ({ asked, held, says }) => {
  const memory = {
    suspended: [],
    inForce: { commit: 'c'.repeat(40), maxDeletePercent: 50 },
    ...(held !== undefined && { held: { commit: held, reasons: [], objects: [], data: [], at: AT } }),
  }
  expect(approve(memory, asked, AT)).toEqual({ kind: 'refused', message: says })
})

test('a whole id and its beginning approve the held commit, in either case of its letters', () => {
  const commit = 'abcdef0123'.repeat(4)
  const held = { commit, reasons: [], objects: [], data: [], at: AT }
  for (const asked of [commit, 'abcd', 'ABCDEF']) {
    expect(approve({ suspended: [], held }, asked, AT)).toMatchObject({
      kind: 'done',
      memory: { approved: { commit, at: AT } },
    })
  }
})
