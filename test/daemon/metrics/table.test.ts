import { expect, test } from 'vitest'
import { Describing, oneOf, statusRows, tablesOf, unixSeconds } from '../../../engine/daemon/metrics/table.ts'
import { MetricsRegistry } from '../../../engine/daemon/metrics/registry.ts'

interface Thing {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
}

const thing = new Describing<Thing>(['thing'], ({ name }) => ({ thing: name }))

test.for([
  [{ app: 'web' }, { label_app: 'web' }],
  [{ 'app.kubernetes.io/name': 'web' }, { label_app_kubernetes_io_name: 'web' }],
  [
    { appTier: 'front', HTTPPort: '80' },
    { label_app_tier: 'front', label_httpport: '80' },
  ],
  // Three that Prometheus cannot tell apart, numbered as kube-state-metrics does.
  [
    { 'a-b': '1', 'a.b': '2', a_b: '3' },
    { label_a_b_conflict1: '1', label_a_b_conflict2: '2', label_a_b_conflict3: '3' },
  ],
] as const)('labels %j are told as %j', ([labels, told]) => {
  const family = thing.labelled('kube_thing_labels', (one) => one.labels)
  expect(family.of({ name: 'x', labels })).toEqual([{ common: { thing: 'x' }, labels: told, value: 1 }])
})

test('a thing without labels is told to be there all the same', () => {
  const family = thing.labelled('kube_thing_labels', (one) => one.labels)
  expect(family.of({ name: 'x' })).toEqual([{ common: { thing: 'x' }, labels: {}, value: 1 }])
})

test('of values that exclude each other one is 1', () => {
  expect(oneOf(['a', 'b'], 'b')).toEqual([
    [['a'], 0],
    [['b'], 1],
  ])
  expect(statusRows('Unknown', 'Ready')).toEqual([
    [['Ready', 'true'], 0],
    [['Ready', 'false'], 0],
    [['Ready', 'unknown'], 1],
  ])
})

test('times are whole seconds, and what is no time is nothing', () => {
  expect([unixSeconds('2026-01-01T00:00:00.999Z'), unixSeconds(undefined), unixSeconds('soon')]).toEqual([
    1_767_225_600,
    undefined,
    undefined,
  ])
})

test('whatever stands in a label, the text stays one that Prometheus reads', async () => {
  const registry = new MetricsRegistry<readonly Thing[]>()
  const family = thing.gauge('things', 'Things\nand "others" \\ more.', () => Number.POSITIVE_INFINITY)
  registry.tables(
    'engine',
    tablesOf((all) => all, [family]),
  )
  const text = await registry.text([{ name: 'a"b\\c\nd' }], () => true)
  expect(text).toBe(
    '# HELP things Things\\nand "others" \\\\ more.\n# TYPE things gauge\nthings{thing="a\\"b\\\\c\\nd"} +Inf\n',
  )
})

test('a metric of which there is nothing to say is left out', async () => {
  const registry = new MetricsRegistry<readonly Thing[]>()
  registry.tables(
    'engine',
    tablesOf((all) => all, [thing.gauge('things', 'Things.', () => 1)]),
  )
  expect(await registry.text([], () => true)).toBe('')
})
