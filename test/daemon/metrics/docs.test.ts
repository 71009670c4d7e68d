import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { METRIC_GROUPS } from '../../../engine/daemon/metrics/groups.ts'
import { measuredWorld } from './world.ts'

const TEXT = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
const BLOCKS = [...TEXT.matchAll(/^```yml\n([^]*?)^```$/gm)].map(([, block = '']) => block)
const CONFIG = BLOCKS.find((block) => block.startsWith('scrape_configs')) ?? ''
const RULES = BLOCKS.find((block) => block.startsWith('groups')) ?? ''

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reconcile-promtool-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

function promtool(...words: readonly [string, string, content: string]): string {
  const [verb, what, content] = words
  const file = join(folder, `${what}.yml`)
  writeFileSync(file, content)
  return execFileSync('promtool', [verb, what, file], { encoding: 'utf8' })
}

test('the configuration for Prometheus in the docs is one', () => {
  expect(promtool('check', 'config', CONFIG)).toContain('is valid prometheus config file syntax')
})

test('the alerts in the docs are alerts', () => {
  expect(promtool('check', 'rules', RULES)).toContain('SUCCESS: 8 rules found')
})

test('every metric that an alert in the docs is about is told', async () => {
  const { metrics } = await measuredWorld(0)
  const told = new Set(metrics.shapes.map(({ name }) => name))
  const used = [...RULES.matchAll(/\breconcile_\w+/g)].map(([name]) => name)
  expect(used.length).toBeGreaterThan(8)
  expect(used.filter((name) => !told.has(name))).toEqual([])
})

test('each metric has one line in the docs, with its type and labels, in the table of its group', async () => {
  const { metrics } = await measuredWorld(0)
  for (const group of METRIC_GROUPS) {
    const [, table = ''] = new RegExp(`<!-- metrics: ${group} -->\n([^]*?)<!-- end -->`).exec(TEXT) ?? []
    const lines = [...table.matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \|/gm)].map(
      ([, name, type, labels = '']) => ({
        name,
        type,
        labels: [...labels.matchAll(/`([^`]+)`/g)].map(([, label = '']) => label),
      }),
    )
    const shapes = metrics.shapes.filter((shape) => shape.group === group)
    expect(lines).toEqual(shapes.map(({ name, type, labels }) => ({ name, type, labels: [...labels] })))
  }
})

test('no series has a label that its metric does not have in the docs', async () => {
  const { metrics, world } = await measuredWorld(55)
  const text = await world.clock.runUntil(metrics.text())
  const labels = new Map(
    metrics.shapes.map(({ labels: all, name, type }) => [name, type === 'histogram' ? [...all, 'le'] : all]),
  )
  for (const [line, series = '', list = ''] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    const known = labels.get(series) ?? labels.get(series.replace(/_(bucket|sum|count)$/, '')) ?? []
    const names = [...list.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, name = '']) => name)
    const extra = names.filter(
      (name) => !known.includes(name) && !(name.startsWith('label_') && known.includes('label_*')),
    )
    expect([line, extra]).toEqual([line, []])
  }
})
