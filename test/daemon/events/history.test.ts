import { expect, test } from 'vitest'
import { objectKey } from '../../../engine/api/names.ts'
import {
  EVENTS_KEPT_MS,
  EVENTS_MAX,
  EVENTS_PER_OBJECT_MAX,
  EventHistory,
} from '../../../engine/daemon/events/eventHistory.ts'
import type { Happening } from '../../../engine/daemon/telling/telling.ts'

const START = Temporal.Instant.from('2026-01-01T00:00:00Z')

function after(ms: number): Temporal.Instant {
  return START.add({ milliseconds: ms })
}

function happening(name: string, more: Partial<Happening> & { readonly ms?: number } = {}): Happening {
  const { ms = 0, ...rest } = more
  return {
    at: after(ms).toString(),
    about: { key: objectKey('Pod', 'shop', name), uid: `uid-${name}`, host: 'rack-1' },
    type: 'Normal',
    reason: 'Started',
    message: 'Started container app',
    ...rest,
  }
}

test('an event is an official Event, about the object and by the engine', () => {
  const history = new EventHistory()
  const about = { ...happening('web').about, fieldPath: 'spec.containers{app}', labels: { app: 'web' } }
  history.add(happening('web', { about, commit: 'c' }))
  expect(history.all(START)).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: expect.stringMatching(/^web\.[0-9a-f]{16}$/),
        namespace: 'shop',
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        creationTimestamp: START.toString(),
        labels: { app: 'web' },
        annotations: { 'reconcile.dev/commit': 'c' },
      },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: 'shop',
        name: 'web',
        uid: 'uid-web',
        fieldPath: 'spec.containers{app}',
      },
      type: 'Normal',
      reason: 'Started',
      message: 'Started container app',
      count: 1,
      firstTimestamp: START.toString(),
      lastTimestamp: START.toString(),
      source: { component: 'reconcile', host: 'rack-1' },
      reportingComponent: 'reconcile',
      reportingInstance: 'rack-1',
    },
  ])
})

test('what is in no namespace has its events in default, as in Kubernetes', () => {
  const history = new EventHistory()
  history.add(happening('x', { about: { key: objectKey('Cluster', undefined, 'home') } }))
  const [event] = history.all(START)
  expect(event?.metadata.namespace).toBe('default')
  expect(event?.involvedObject).toEqual({ apiVersion: 'reconcile.dev/v1', kind: 'Cluster', name: 'home' })
})

test('what comes again is counted; another message, container or object is another event', () => {
  const history = new EventHistory()
  history.add(happening('web'))
  history.add(happening('web', { ms: 5_000 }))
  history.add(happening('web', { ms: 6_000, message: 'Started container other' }))
  history.add(happening('other', { ms: 7_000 }))
  const events = history.all(after(7_000))
  expect(events.map(({ count, message }) => [count, message])).toEqual([
    [2, 'Started container app'],
    [1, 'Started container other'],
    [1, 'Started container app'],
  ])
  expect(events[0]).toMatchObject({
    firstTimestamp: START.toString(),
    lastTimestamp: after(5_000).toString(),
  })
  expect(new Set(events.map(({ metadata }) => metadata.uid)).size).toBe(3)
})

test('what a node remembers and was told before is told once, a later time of it again', () => {
  const history = new EventHistory()
  history.add(happening('web', { ms: 5_000 }))
  expect(history.add(happening('web', { ms: 5_000, found: true }))).toBeUndefined()
  expect(history.add(happening('web', { ms: 4_000, found: true }))).toBeUndefined()
  expect(history.add(happening('web', { ms: 6_000, found: true }))?.count).toBe(2)
})

test('a clock that is set back loses nothing that is seen to happen', () => {
  const history = new EventHistory()
  history.add(happening('web', { ms: 3_600_000 }))
  expect(history.add(happening('web', { ms: 1_000 }))?.count).toBe(2)
})

test('events of one object that differ in their messages only are told together after ten', () => {
  const history = new EventHistory()
  for (let index = 0; index < 30; index += 1)
    history.add(happening('web', { message: `try ${index}`, ms: index }))
  const events = history.all(after(100))
  expect(events).toHaveLength(11)
  expect(events.at(-1)).toMatchObject({ count: 20, message: '(combined from similar events): try 29' })
})

test('what comes now and then is told each by itself, however long that goes on', () => {
  const history = new EventHistory()
  for (let index = 0; index < 30; index += 1)
    history.add(happening('web', { message: `commit ${index}`, ms: index * 120_000 }))
  const messages = history.all(after(3_600_000)).map(({ message }) => message)
  expect(messages).toEqual(Array.from({ length: 30 }, (_, index) => `commit ${index}`))
})

test('one object has at most so many events, and leaves those of others alone', () => {
  const history = new EventHistory()
  history.add(happening('quiet'))
  for (let index = 0; index < 200; index += 1)
    history.add(happening('loud', { reason: `R${index}`, ms: index }))
  const events = history.all(after(1_000))
  expect(events).toHaveLength(EVENTS_PER_OBJECT_MAX + 1)
  expect(events[0]?.involvedObject.name).toBe('quiet')
  expect(events.at(-1)?.reason).toBe('R199')
})

test('all together are bounded, and the one that was quiet for longest goes first', () => {
  const history = new EventHistory()
  for (let index = 0; index < EVENTS_MAX + 200; index += 1) {
    history.add(happening(`pod-${index}`, { ms: index }))
    history.add(happening('pod-0', { ms: index }))
  }
  const events = history.all(after(EVENTS_MAX))
  expect(events).toHaveLength(EVENTS_MAX)
  expect(events.at(-1)?.involvedObject.name).toBe('pod-0')
  expect(events.some(({ involvedObject }) => involvedObject.name === 'pod-1')).toBe(false)
})

test('what happened for the last time a day ago is forgotten', () => {
  const history = new EventHistory()
  history.add(happening('old'))
  history.add(happening('again'))
  history.add(happening('again', { ms: 1_000 }))
  expect(history.all(after(EVENTS_KEPT_MS)).map(({ involvedObject }) => involvedObject.name)).toEqual([
    'old',
    'again',
  ])
  expect(history.all(after(EVENTS_KEPT_MS + 1_000)).map(({ involvedObject }) => involvedObject.name)).toEqual(
    ['again'],
  )
  history.add(happening('new', { ms: EVENTS_KEPT_MS + 2_000 }))
  expect(history.size).toBe(1)
})

test('a message has an end', () => {
  const history = new EventHistory()
  history.add(happening('web', { message: 'x'.repeat(5_000) }))
  expect(history.all(START)[0]?.message).toHaveLength(1024)
})
