import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../engine/api/generated/types.ts'
import { nodeName } from '../engine/api/names.ts'
import type { ObservedNode } from '../engine/api/snapshot.ts'
import { diagnosticText } from '../engine/manifests/diagnostics.ts'
import { createManifestReader } from '../engine/manifests/reader.ts'
import { plan } from '../engine/planner/plan.ts'

const FOLDER = new URL('../examples/', import.meta.url).pathname
/** A claim has to say how much it needs. */
const OF_EVERY_CLAIM = 'the claim is a folder, and may grow until the disk is full'
const NOW = Temporal.Instant.from('2026-01-01T00:00:00Z')
const EMPTY_NODE: ObservedNode = {
  name: nodeName('here'),
  reachable: true,
  since: NOW.toString(),
  info: {
    node: nodeName('here'),
    runtime: 'oci',
    bootId: 'boot',
    addresses: ['192.0.2.1'],
    cpuMillis: 4000,
    memoryBytes: 2 ** 32,
    podsMax: 110,
    warnings: [],
  },
  pods: new Map(),
}

describe.each(readdirSync(FOLDER).toSorted())('examples/%s', (name) => {
  test('is valid without a warning that could be avoided, and every pod of it is planned', () => {
    const content = readFileSync(join(FOLDER, name))
    const result = createManifestReader().read([{ path: name, content }], { mode: 'commit' })
    if (result.kind === 'invalid') throw new Error(result.errors.map(diagnosticText).join('\n'))
    const avoidable = result.warnings.map(diagnosticText).filter((text) => !text.includes(OF_EVERY_CLAIM))
    expect(avoidable).toEqual([])
    const desired = { commit: 'example', cluster: result.cluster, nodes: [], objects: result.objects }
    const observed = { nodes: new Map([[EMPTY_NODE.name, EMPTY_NODE]]) }
    const planned = plan({ desired, observed, records: new Map(), busy: new Map() }, NOW)
    expect(planned.violations).toEqual([])
    const wanted = [...result.objects.values()].reduce((sum, { object }) => sum + podsOf(object), 0)
    expect(planned.verdicts.filter((verdict) => verdict.bucket === 'create')).toHaveLength(wanted)
  })
})

/** How many pods the first plan makes. */
function podsOf(object: KubernetesObject): number {
  if (object.kind === 'Pod') return (object.spec.schedulingGates ?? []).length === 0 ? 1 : 0
  if (object.kind === 'DaemonSet') return 1
  if (object.kind === 'Deployment' || object.kind === 'ReplicaSet') return object.spec.replicas ?? 1
  if (object.kind === 'StatefulSet')
    return object.spec.podManagementPolicy === 'Parallel' ? (object.spec.replicas ?? 1) : 1
  if (object.kind === 'Job') return Math.min(object.spec.parallelism ?? 1, object.spec.completions ?? 1)
  return 0
}

test('the examples are valid as one repository, too', () => {
  const files = readdirSync(FOLDER).map((path) => ({ path, content: readFileSync(join(FOLDER, path)) }))
  const result = createManifestReader().read(files, { mode: 'commit' })
  expect(result.kind === 'invalid' ? result.errors.map(diagnosticText) : []).toEqual([])
})
