import { expect, test } from 'vitest'
import { canonicalJson, fieldChanges } from '../../engine/api/canonical.ts'

test('equal values have equal texts, whatever the order of their keys', () => {
  expect(canonicalJson({ b: [1, { d: null, c: undefined }], a: 'x' })).toBe('{"a":"x","b":[1,{"d":null}]}')
  expect(canonicalJson({ a: 'x', b: [1, { d: null }] })).toBe(canonicalJson({ b: [1, { d: null }], a: 'x' }))
})

test('items of a list are compared by their name, so that an added one changes nothing else', () => {
  const before = { spec: { containers: [{ name: 'web', image: 'web:1' }] } }
  const after = {
    spec: {
      containers: [
        { name: 'log', image: 'log' },
        { name: 'web', image: 'web:2' },
      ],
    },
  }
  expect(fieldChanges(before, after)).toEqual([
    { path: 'spec.containers[web].image', from: 'web:1', to: 'web:2' },
    { path: 'spec.containers[log]', from: 'unset', to: '{"image":"log","name":"log"}' },
  ])
})

test('lists of unnamed things are compared by their place, and named ones also by their order', () => {
  expect(fieldChanges({ args: ['a', 'b'] }, { args: ['a', 'c', 'd'] })).toEqual([
    { path: 'args[1]', from: 'b', to: 'c' },
    { path: 'args[2]', from: 'unset', to: 'd' },
  ])
  expect(fieldChanges([{ name: 'a' }, { name: 'b' }], [{ name: 'b' }, { name: 'a' }])).toEqual([
    { path: '', from: 'a, b', to: 'b, a' },
  ])
})

test('keys that are no field names stand in brackets', () => {
  expect(fieldChanges({ labels: { 'example.com/a': '1' } }, { labels: {} })).toEqual([
    { path: 'labels["example.com/a"]', from: '1', to: 'unset' },
  ])
})

test('what a Secret holds does not stand in its changes', () => {
  const secret = { kind: 'Secret', metadata: { labels: { a: 'b' } }, data: { a: 'b2xk' } }
  const changed = { ...secret, metadata: { labels: { a: 'c' } }, data: { a: 'bmV3', b: 'bmV3' } }
  expect(fieldChanges(secret, changed)).toEqual([
    { path: 'data.a', from: '(secret)', to: '(secret)' },
    { path: 'data.b', from: 'unset', to: '(secret)' },
    { path: 'metadata.labels.a', from: 'b', to: 'c' },
  ])
})

test('nothing changed is no change', () => {
  expect(fieldChanges({ a: [{ b: 1 }] }, { a: [{ b: 1 }] })).toEqual([])
})
