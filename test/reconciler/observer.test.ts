import { expect, test } from 'vitest'
import type { PodUid } from '../../engine/api/names.ts'
import type { ObservedPod } from '../../engine/api/snapshot.ts'
import { Observer } from '../../engine/reconciler/observer.ts'
import type { NodeListing, PodListing } from '../../engine/runtimes/runtime.ts'
import { VirtualClock } from '../../engine/runtimes/simulated/clock.ts'
import {
  createPod,
  deletePod,
  listingOf,
  NODE,
  recordOf,
  removePod,
  runningListing,
  START,
  startContainers,
  uidOf,
  updatePod,
} from './support.ts'

const UID = uidOf('web')
const FAILURE = { reason: 'Refused', message: 'no', certain: false, lastAt: START }

function observer(): Observer {
  return new Observer([NODE], new VirtualClock(), () => undefined)
}

function nodeListing(...pods: readonly (readonly [PodUid, PodListing])[]): NodeListing {
  return { pods: new Map(pods), unreadable: [] }
}

function pods(of: Observer): ReadonlyMap<PodUid, ObservedPod> {
  return of.node(NODE).pods
}

test('a listing that began before an inspection does not overwrite it', () => {
  const it = observer()
  const listing = it.stamp()
  const inspection = it.stamp()
  it.mergeInspection(NODE, UID, runningListing('web'), inspection)
  it.mergeListing(NODE, nodeListing([UID, listingOf('web')]), listing)
  expect(pods(it).get(UID)?.containers.size).toBe(1)
})

test('a pod made while a listing was under way stays, though the listing does not have it', () => {
  const it = observer()
  const listing = it.stamp()
  it.mergeInspection(NODE, UID, listingOf('web'), it.stamp())
  it.mergeListing(NODE, nodeListing(), listing)
  expect(pods(it).has(UID)).toBe(true)
})

test('a removed pod does not come back with an older listing or inspection', () => {
  const it = observer()
  const listing = it.stamp()
  const inspection = it.stamp()
  it.mergeInspection(NODE, UID, undefined, it.stamp())
  it.mergeListing(NODE, nodeListing([UID, listingOf('web')]), listing)
  it.mergeInspection(NODE, UID, listingOf('web'), inspection)
  expect(pods(it).has(UID)).toBe(false)
})

test('an inspection that began before a newer listing is dropped', () => {
  const it = observer()
  const inspection = it.stamp()
  it.mergeListing(NODE, nodeListing(), it.stamp())
  it.mergeInspection(NODE, UID, listingOf('web'), inspection)
  expect(pods(it).has(UID)).toBe(false)
})

test('only a look that began after a stamp counts as a look since then', () => {
  const it = observer()
  const early = it.stamp()
  const ended = it.stamp()
  it.mergeInspection(NODE, UID, listingOf('web'), early)
  expect(it.lookedSince(NODE, UID, ended)).toBe(false)
  it.mergeListing(NODE, nodeListing([UID, listingOf('web')]), it.stamp())
  expect(it.lookedSince(NODE, UID, ended)).toBe(true)
})

test('a pod that looks the same stays the same value, and so does its node', () => {
  const it = observer()
  it.mergeInspection(NODE, UID, runningListing('web'), it.stamp())
  const before = it.node(NODE)
  it.mergeInspection(NODE, UID, runningListing('web'), it.stamp())
  expect(it.node(NODE)).toBe(before)
  it.mergeInspection(NODE, UID, runningListing('web', 1), it.stamp())
  expect(it.node(NODE)).not.toBe(before)
})

test('a pod that cannot be read any more is kept as it was, and reported', () => {
  const it = observer()
  it.answers(NODE)
  it.mergeInspection(NODE, UID, listingOf('web'), it.stamp())
  const unreadable = [{ uid: UID, message: 'record version 9 is not known' }]
  it.mergeListing(NODE, { pods: new Map(), unreadable }, it.stamp())
  expect(pods(it).has(UID)).toBe(true)
  expect(it.problems()).toEqual([`pod ${UID} on node local is kept as it is: record version 9 is not known`])
})

test('a pod that was never read is told of, until it can be read', () => {
  const it = observer()
  const unreadable = [{ uid: UID, message: 'record version 9 is not known' }]
  it.mergeListing(NODE, { pods: new Map(), unreadable }, it.stamp())
  expect(it.node(NODE).unreadable).toEqual([
    `pod ${UID} on node local is kept as it is: record version 9 is not known`,
  ])
  it.mergeListing(NODE, nodeListing([UID, listingOf('web')]), it.stamp())
  expect(it.node(NODE).unreadable).toBeUndefined()
})

test('failures of one kind are counted, and one of another kind begins anew', () => {
  const it = observer()
  it.mergeInspection(NODE, UID, listingOf('web'), it.stamp())
  it.failed(NODE, UID, { action: startContainers('web'), container: 'app' }, FAILURE)
  it.failed(NODE, UID, { action: startContainers('web'), container: 'app' }, FAILURE)
  expect(pods(it).get(UID)?.failures.get('app')?.count).toBe(2)
  it.failed(NODE, UID, { action: removePod('web'), container: '' }, FAILURE)
  expect(pods(it).get(UID)?.failures.get('')?.count).toBe(1)
})

test('success forgets a failure, but a written record does not forget what else failed', () => {
  const it = observer()
  it.mergeInspection(NODE, UID, listingOf('web', { sandbox: 'absent' }), it.stamp())
  it.failed(NODE, UID, { action: createPod('web'), container: '' }, FAILURE)
  it.succeeded(NODE, UID, { action: updatePod('web', 2), container: '' })
  expect(pods(it).get(UID)?.failures.size).toBe(1)
  it.succeeded(NODE, UID, { action: createPod('web'), container: '' })
  expect(pods(it).get(UID)?.failures.size).toBe(0)
})

test.each([
  { what: 'a sandbox', action: createPod('web'), container: '', seen: listingOf('web') },
  {
    what: 'a record',
    action: updatePod('web', 1),
    container: '',
    seen: listingOf('web', { sandbox: 'absent' }),
  },
  { what: 'a start', action: startContainers('web'), container: 'app', seen: runningListing('web') },
  {
    what: 'a deletion',
    action: deletePod('web'),
    container: '',
    seen: listingOf('web', { record: { ...deletePodRecord(), generation: 2 } }),
  },
])('$what whose answer was lost is no failure once it is seen to be there', ({ action, container, seen }) => {
  const it = observer()
  it.mergeInspection(
    NODE,
    UID,
    listingOf('web', { sandbox: 'absent', record: recordOf('web', 0) }),
    it.stamp(),
  )
  it.failed(NODE, UID, { action, container }, FAILURE)
  expect(pods(it).get(UID)?.failures.size).toBe(1)
  it.mergeInspection(NODE, UID, seen, it.stamp())
  expect(pods(it).get(UID)?.failures.size).toBe(0)
})

function deletePodRecord(): ReturnType<typeof recordOf> {
  const action = deletePod('web')
  if (action.kind !== 'deletePod') throw new Error('not a deletion')
  return action.record
}

test('a pod whose create left nothing on the node is remembered with its failure, and goes with the next success', () => {
  const it = observer()
  const action = createPod('web')
  it.failed(NODE, UID, { action, container: '' }, FAILURE, action.record)
  it.mergeInspection(NODE, UID, undefined, it.stamp())
  it.mergeListing(NODE, nodeListing(), it.stamp())
  expect(pods(it).get(UID)).toMatchObject({ sandbox: 'absent', record: action.record })
  it.failed(NODE, UID, { action, container: '' }, FAILURE, action.record)
  expect(pods(it).get(UID)?.failures.get('')?.count).toBe(2)
  it.succeeded(NODE, UID, { action: removePod('web'), container: '' })
  it.mergeInspection(NODE, UID, undefined, it.stamp())
  expect(pods(it).has(UID)).toBe(false)
})

test('probe tallies outlast new looks at the pod', () => {
  const it = observer()
  it.mergeInspection(NODE, UID, runningListing('web'), it.stamp())
  const tally = { attempt: 0, lastAt: START, lastSucceeded: true, inARow: 1, message: '' }
  it.tally(NODE, UID, 'app/readiness', tally)
  it.mergeInspection(NODE, UID, runningListing('web', 1), it.stamp())
  expect(pods(it).get(UID)?.probes.get('app/readiness')).toEqual(tally)
})

test('since when a node answers moves only when that changes', async () => {
  const clock = new VirtualClock()
  const it = new Observer([NODE], clock, () => undefined)
  expect(it.node(NODE)).toMatchObject({ reachable: false, since: START })
  await clock.runFor(1_000)
  it.answers(NODE)
  await clock.runFor(1_000)
  it.answers(NODE)
  expect(it.node(NODE)).toMatchObject({ reachable: true, since: '2026-01-01T00:00:01Z' })
})

test('a node that told what it is and not which pods it has may have any of them', () => {
  const it = new Observer([NODE], new VirtualClock(), () => undefined)
  it.answers(NODE)
  expect(it.node(NODE).unlisted).toBe(true)
  it.mergeListing(NODE, { pods: new Map(), unreadable: [] }, it.stamp())
  expect(it.node(NODE).unlisted).toBeUndefined()
})

test.for([3_600_000, -3_600_000])(
  'how long a node has answered stays the same when the clock is set by %i ms',
  async (stepMs) => {
    const clock = new VirtualClock()
    const it = new Observer([NODE], clock, () => undefined)
    it.answers(NODE)
    const began = clock.now()
    await clock.runFor(5_000)
    clock.step(stepMs)
    expect(it.observed().nodes.get(NODE)?.since).toBe(began.add({ milliseconds: stepMs }).toString())
  },
)

test('a node that answers after the clock was set answers since then', () => {
  const clock = new VirtualClock()
  const it = new Observer([NODE], clock, () => undefined)
  clock.step(-60_000)
  it.answers(NODE)
  expect(it.observed().nodes.get(NODE)?.since).toBe(clock.now().toString())
})

test('since when a node is silent stays as it was said when the clock is set', () => {
  const clock = new VirtualClock()
  const it = new Observer([NODE], clock, () => undefined)
  it.answers(NODE)
  it.isSilent(NODE, { message: 'no', since: clock.now(), failedLooks: 1 })
  const said = it.observed().nodes.get(NODE)?.since
  clock.step(3_600_000)
  expect(it.observed().nodes.get(NODE)?.since).toBe(said)
})
