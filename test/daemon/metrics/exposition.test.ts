import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { measuredWorld } from './world.ts'

/** What differs from machine to machine and from run to run. */
function withoutProcess(text: string): string {
  return text.replace(/^(process_\w+) .*$/gm, '$1 ...').replace(/node_version="[^"]*"/, 'node_version="..."')
}

async function exposition(): Promise<string> {
  const { metrics, sync, world } = await measuredWorld(55)
  const at = '2026-01-01T00:00:01Z'
  sync({ kind: 'looked', at, commit: 'c0ffee' })
  sync({ kind: 'commitSeen', at, commit: 'c0ffee' })
  sync({ kind: 'commitApplied', at, commit: 'c0ffee', objects: 12, warnings: [] })
  sync({ kind: 'commitSeen', at: '2026-01-01T00:00:30Z', commit: 'decade', before: 'c0ffee' })
  return world.clock.runUntil(metrics.text())
}

test('a world with an object of each kind is told as this text', async () => {
  await expect(withoutProcess(await exposition())).toMatchFileSnapshot('world.prom')
})

test('promtool has nothing to say against the metrics', async () => {
  const text = await exposition()
  expect(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('')
})

test('a scrape may ask for a part', async () => {
  const { metrics, world } = await measuredWorld(10)
  const names = async (...groups: readonly string[]): Promise<ReadonlySet<string>> => {
    const text = await world.clock.runUntil(metrics.text(new Set(groups)))
    return new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name.replace(/_.*/, '')))
  }
  expect(await names('kube')).toEqual(new Set(['kube']))
  expect(await names('engine')).toEqual(new Set(['reconcile', 'process']))
  expect(await names('containers')).toEqual(new Set(['container', 'machine', 'reconcile']))
  expect(await names('kube', 'engine')).toEqual(new Set(['kube', 'reconcile', 'process']))
})

test('before anything was looked at, the engine itself is told of', async () => {
  const { metrics, world } = await measuredWorld(0)
  const text = await world.clock.runUntil(metrics.text())
  expect(text).toContain('reconcile_sync_status{status="none"} 1')
  expect(text).not.toContain('kube_pod_')
})
