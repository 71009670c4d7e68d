import { expect, test } from 'vitest'
import type { PodUid } from '../../engine/api/names.ts'
import { objectKey } from '../../engine/api/names.ts'
import { nodeRecord } from '../../engine/api/nodeRecords.ts'
import type { Action, Bucket, Health, Plan, PodVerdict } from '../../engine/api/plan.ts'
import type { ObjectRecord } from '../../engine/api/records.ts'
import type { Snapshot } from '../../engine/api/snapshot.ts'
import { verdict } from '../../engine/reconciler/outcome.ts'
import { deployment, desiredOf, pod } from '../simulation/loop/manifests.ts'
import { createPod, deletedRecord, listingOf, NODE, recordOf, START, uidOf } from './support.ts'

const WEB = objectKey('Deployment', 'default', 'web')
const SET = objectKey('ReplicaSet', 'default', 'web-1')
const ONE = objectKey('Pod', 'default', 'one')
const GONE = objectKey('Pod', 'default', 'gone')

const HEALTHY: Health = { kind: 'healthy' }
const PROGRESSING: Health = { kind: 'progressing', message: 'on its way' }
const FAILED: Health = { kind: 'failed', reason: 'ErrImagePull', message: 'there is no such image' }

const SET_RECORD: ObjectRecord = {
  recordVersion: 1,
  generation: 1,
  key: SET,
  commit: 'a',
  object: {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'web-1',
      namespace: 'default',
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u', controller: true },
      ],
    },
  },
}

function snapshotOf(busy: ReadonlyMap<PodUid, Action> = new Map(), seen = true): Snapshot {
  const info = {
    node: NODE,
    runtime: 'simulated',
    bootId: 'b',
    addresses: [],
    cpuMillis: 1,
    memoryBytes: 1,
    podsMax: 1,
    warnings: [],
  }
  const node = { name: NODE, reachable: seen, since: START, pods: new Map(), ...(seen && { info }) }
  return {
    desired: desiredOf('a', [deployment('web'), pod('one')]),
    observed: { nodes: new Map([[NODE, node]]) },
    records: new Map([[SET, SET_RECORD]]),
    busy,
  }
}

interface Standing {
  readonly web: Health
  readonly one?: Health
  readonly verdicts?: readonly (readonly [PodVerdict['object'], Bucket])[]
  readonly actions?: readonly Action[]
}

function planOf({ web, one = HEALTHY, verdicts = [], actions = [] }: Standing): Plan {
  return {
    actions,
    verdicts: verdicts.map(([object, bucket]) => ({
      uid: uidOf('x'),
      pod: 'default/x',
      object,
      bucket,
      reason: '',
    })),
    changes: new Map(),
    statuses: new Map([
      [WEB, { key: WEB, health: web, status: {} }],
      [ONE, { key: ONE, health: one, status: {} }],
    ]),
    violations: [],
  }
}

function judged(
  standing: Standing,
  snapshot = snapshotOf(),
  ignore: (object: string) => boolean = () => false,
): unknown {
  return verdict(planOf(standing), snapshot, ignore)
}

test('all healthy and every pod kept: healthy', () => {
  expect(judged({ web: HEALTHY, verdicts: [[SET, 'keep']] })).toEqual({ kind: 'healthy' })
})

test.each<{ what: string; standing: Standing }>([
  { what: 'an object is on its way', standing: { web: PROGRESSING } },
  {
    what: 'a pod that left the commit is still there',
    standing: { web: HEALTHY, verdicts: [[GONE, 'wait']] },
  },
  { what: 'a pod is not known', standing: { web: HEALTHY, verdicts: [[SET, 'unknown']] } },
  { what: 'an action is planned', standing: { web: HEALTHY, actions: [createPod('x')] } },
  { what: 'one failed and another is on its way', standing: { web: FAILED, one: PROGRESSING } },
  { what: 'one failed and another has work to do', standing: { web: FAILED, verdicts: [[GONE, 'delete']] } },
])('no verdict yet while $what', ({ standing }) => {
  expect(judged(standing)).toBeUndefined()
})

test('no verdict while something is under way, or a node has never answered', () => {
  expect(judged({ web: HEALTHY }, snapshotOf(new Map([[uidOf('x'), createPod('x')]])))).toBeUndefined()
  expect(judged({ web: HEALTHY }, snapshotOf(new Map(), false))).toBeUndefined()
})

test('a node that has never answered is not waited for once it is fenced', () => {
  const snapshot = snapshotOf(new Map(), false)
  const fenced = nodeRecord(NODE, { fenced: { at: START, by: 'person' } }, 'a', undefined)
  expect(judged({ web: HEALTHY }, { ...snapshot, records: new Map([[fenced.key, fenced]]) })).toEqual({
    kind: 'healthy',
  })
})

test('failed, though attempts for the failed object go on through what it derives', () => {
  expect(judged({ web: FAILED, verdicts: [[SET, 'wait']] })).toEqual({
    kind: 'failed',
    objects: [{ object: WEB, health: FAILED }],
  })
})

const OF_SET = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', controller: true }

/** One pod of a ReplicaSet on the node; the set that `uid` names is the newest one. */
function withPod(
  health: Health,
  more: { readonly deleting?: boolean; readonly set?: string; readonly web?: Health } = {},
) {
  const record = more.deleting === true ? deletedRecord('x') : recordOf('x')
  const owners = [{ ...OF_SET, uid: more.set ?? 'newest' }]
  const metadata = { ...record.pod.metadata, ownerReferences: owners }
  const listing = listingOf('x', { record: { ...record, pod: { ...record.pod, metadata } } })
  const observed = { ...listing, probes: new Map(), failures: new Map() }
  const base = snapshotOf()
  const node = { name: NODE, reachable: true, since: START, pods: new Map([[uidOf('x'), observed]]) }
  const set = { ...SET_RECORD.object.metadata, uid: 'newest' }
  const setRecord = { ...SET_RECORD, object: { ...SET_RECORD.object, metadata: set } }
  const snapshot: Snapshot = {
    ...base,
    observed: { nodes: new Map([[NODE, node]]) },
    records: new Map([[SET, setRecord]]),
  }
  const plan = planOf({ web: more.web ?? FAILED, verdicts: [[SET, 'wait']] })
  const key = objectKey('Pod', 'default', 'x')
  const statuses = new Map([...plan.statuses, [key, { key, health, status: {} }] as const])
  return verdict({ ...plan, statuses }, snapshot, () => false)
}

test('an object that has failed is waited for while an action of its own is under way or planned', () => {
  const action: Action = { ...createPod('x'), object: SET }
  const busy = snapshotOf(new Map([[uidOf('x'), action]]))
  expect(judged({ web: FAILED }, busy)).toBeUndefined()
  expect(judged({ web: FAILED, actions: [action] })).toBeUndefined()
})

test.each<{ what: string; health: Health; more?: Parameters<typeof withPod>[1]; ends: boolean }>([
  { what: 'a pod that may become ready', health: PROGRESSING, ends: false },
  { what: 'a pod that ends', health: PROGRESSING, more: { deleting: true, set: 'older' }, ends: false },
  { what: 'a pod that has failed itself', health: FAILED, ends: true },
  { what: 'a pod that is ready', health: HEALTHY, ends: true },
  {
    what: 'an older revision’s pod that is not ready',
    health: PROGRESSING,
    more: { set: 'older' },
    ends: true,
  },
])('of an object that has failed, $what: the run ends $ends', ({ health, more, ends }) => {
  expect(withPod(health, more) !== undefined).toBe(ends)
})

test('a rollout that is out of time has failed, whatever may become of its newest pods', () => {
  const late: Health = { kind: 'failed', reason: 'ProgressDeadlineExceeded', message: '' }
  expect(withPod(PROGRESSING, { web: late })).toMatchObject({ kind: 'failed' })
})

test('an ignored object counts neither way', () => {
  const ignore = (object: string): boolean => object === WEB
  expect(judged({ web: PROGRESSING, verdicts: [[SET, 'wait']] }, snapshotOf(), ignore)).toEqual({
    kind: 'healthy',
  })
})

test('a broken invariant fails the object that it concerns', () => {
  const violations = [{ invariant: 'one-copy', object: SET, message: 'two live copies' }]
  expect(verdict({ ...planOf({ web: HEALTHY }), violations }, snapshotOf(), () => false)).toEqual({
    kind: 'failed',
    objects: [
      {
        object: WEB,
        health: { kind: 'failed', reason: 'InvariantViolated', message: 'one-copy: two live copies' },
      },
    ],
  })
})
