import { expect, test } from 'vitest'
import { objectKey } from '../../../engine/api/names.ts'
import type { SyncEvent } from '../../../engine/daemon/syncState.ts'
import type { Diagnostic } from '../../../engine/manifests/diagnostics.ts'
import { desiredOf } from '../../simulation/loop/manifests.ts'
import { telling } from './support.ts'

const AT = '2026-01-01T00:00:00Z'
const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const SOURCE = { repository: 'https://example.org/cluster.git', branch: 'main', path: 'apps' }

/** SyncEvent without its time, to be written down in a table. */
type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never

function error(line: number): Diagnostic {
  return {
    file: 'web.yaml',
    line,
    column: 3,
    severity: 'error',
    object: 'Deployment default/web',
    field: 'spec.replicas',
    message: 'is not a number',
  }
}

function told(...events: readonly Untimed<SyncEvent>[]) {
  const here = telling()
  for (const event of events) here.teller.sync({ at: AT, ...event })
  return here
}

const LINES: readonly (readonly [Untimed<SyncEvent>, readonly string[]])[] = [
  [
    { kind: 'started', source: SOURCE, applied: A },
    [
      'info following https://example.org/cluster.git, branch main, --path apps; commit aaaaaaaaaaaa is in force',
    ],
  ],
  [
    { kind: 'started', source: { repository: '/srv/repo', path: '' } },
    ['info following /srv/repo; no commit is in force yet'],
  ],
  [{ kind: 'looked', commit: A }, []],
  [{ kind: 'commitSeen', commit: A }, ['info commit aaaaaaaaaaaa is seen']],
  [{ kind: 'commitSeen', commit: B, before: A }, ['info commit bbbbbbbbbbbb is seen, after aaaaaaaaaaaa']],
  [
    { kind: 'commitApplied', commit: A, objects: 1, warnings: [] },
    ['info commit aaaaaaaaaaaa is in force: 1 object'],
  ],
  [
    {
      kind: 'commitApplied',
      commit: B,
      before: A,
      objects: 12,
      warnings: [{ ...error(4), severity: 'warning', message: 'has no effect' }],
    },
    [
      'info commit bbbbbbbbbbbb is in force: 12 objects, after aaaaaaaaaaaa',
      'warn web.yaml:4:3: warning: Deployment default/web: spec.replicas: has no effect',
    ],
  ],
  [
    { kind: 'commitHealthy', commit: A, durationMs: 12_345 },
    ['info all of commit aaaaaaaaaaaa is healthy, after 12.3 s'],
  ],
  [
    {
      kind: 'commitRefused',
      commit: B,
      reason: 'invalid',
      message: 'its manifests are invalid.',
      errors: [error(4), error(9)],
    },
    [
      'error commit bbbbbbbbbbbb is refused: its manifests are invalid (2 errors)',
      'error web.yaml:4:3: error: Deployment default/web: spec.replicas: is not a number',
      'error web.yaml:9:3: error: Deployment default/web: spec.replicas: is not a number',
    ],
  ],
  [
    {
      kind: 'commitHeld',
      commit: B,
      reasons: ['it has no objects.'],
      objects: [objectKey('Deployment', 'default', 'web'), objectKey('Pod', 'shop', 'one')],
      data: [objectKey('PersistentVolumeClaim', 'shop', 'db')],
    },
    [
      'warn commit bbbbbbbbbbbb is held: it has no objects; it would delete Deployment default/web; Pod shop/one; PersistentVolumeClaim shop/db, with its data: it goes with its owner; reconcile approve bbbbbbbbbbbb lets it be applied',
    ],
  ],
  [{ kind: 'commitApproved', commit: B }, ['info commit bbbbbbbbbbbb is approved']],
  [
    { kind: 'sourceFailed', message: 'no route to\nexample.org', failures: 1 },
    ['warn the repository cannot be read: no route to / example.org'],
  ],
  [{ kind: 'sourceBack', failures: 7 }, ['info the repository can be read again, after 7 failures']],
  [
    {
      kind: 'rolledBack',
      from: B,
      to: A,
      objects: [objectKey('Deployment', 'default', 'web')],
      reason: 'Deployment default/web: ProgressDeadlineExceeded',
    },
    [
      'error ROLLED BACK from commit bbbbbbbbbbbb to commit aaaaaaaaaaaa, and stays there until the branch moves: Deployment default/web: ProgressDeadlineExceeded',
    ],
  ],
  [
    { kind: 'suspended', object: objectKey('Deployment', 'default', 'web') },
    ['info Deployment default/web is suspended: nothing is done about it until reconcile resume'],
  ],
  [
    { kind: 'resumed', object: objectKey('Deployment', 'default', 'web') },
    ['info Deployment default/web is resumed'],
  ],
  [{ kind: 'reloaded' }, ['info asked to look again and to read the configuration anew']],
  [{ kind: 'ended' }, ['info the engine ends; containers go on']],
]

test.each(LINES)('%j is told in words', (event, lines) => {
  expect(told(event).texts()).toEqual(lines)
})

test('what happens to commits is an Event of the Cluster', () => {
  const { events } = told(
    { kind: 'commitSeen', commit: B },
    { kind: 'commitRefused', commit: B, reason: 'invalid', message: 'invalid', errors: [error(4)] },
  )
  expect(events(Temporal.Instant.from(AT))).toEqual([
    'Normal CommitSeen Cluster/default (1) commit bbbbbbbbbbbb is seen',
    'Warning CommitRefused Cluster/default (1) commit bbbbbbbbbbbb is refused: invalid (1 error): web.yaml:4:3: error: Deployment default/web: spec.replicas: is not a number',
  ])
})

test('a refused commit names the one that stays in force, and its lines have the refused one', () => {
  const here = telling(() => ({
    snapshot: {
      desired: desiredOf(A, []),
      observed: { nodes: new Map() },
      records: new Map(),
      busy: new Map(),
    },
  }))
  const refused = {
    kind: 'commitRefused',
    commit: B,
    reason: 'invalid',
    message: 'invalid',
    errors: [error(4)],
  } as const
  here.teller.sync({ at: AT, ...refused })
  expect(here.texts()[0]).toBe(
    'error commit bbbbbbbbbbbb is refused: invalid (1 error); commit aaaaaaaaaaaa stays in force',
  )
  expect(here.lines.map(({ fields }) => fields.commit)).toEqual([B, B])
  expect(here.lines[1]?.fields.object).toBe('Deployment/default/web')
})

test('of 500 broken manifests the first hundred are told', () => {
  const errors = Array.from({ length: 500 }, (_, index) => error(index + 1))
  const lines = told({
    kind: 'commitRefused',
    commit: B,
    reason: 'invalid',
    message: 'invalid',
    errors,
  }).texts()
  expect(lines).toHaveLength(102)
  expect(lines.at(-1)).toBe('error and 400 more; reconcile validate shows all')
})

test('trouble with the repository is told at growing distances, and anew after it was over', () => {
  const failed = { kind: 'sourceFailed', message: 'no route', failures: 1 } as const
  const failures = Array.from({ length: 9 }, () => failed)
  const lines = told(...failures, { kind: 'sourceBack', failures: 9 }, failed).texts()
  expect(lines).toEqual([
    'warn the repository cannot be read: no route',
    `warn the repository cannot be read: no route (2 times since ${AT})`,
    `warn the repository cannot be read: no route (4 times since ${AT})`,
    `warn the repository cannot be read: no route (8 times since ${AT})`,
    'info the repository can be read again, after 9 failures',
    'warn the repository cannot be read: no route',
  ])
})

test('passwords in addresses are in no line and no Event', () => {
  const { events, texts } = told(
    { kind: 'started', source: { repository: 'https://me:hunter2@example.org/x.git', path: '' } },
    { kind: 'sourceFailed', message: "fetching 'https://me:hunter2@example.org/x.git' failed", failures: 1 },
  )
  const all = [...texts(), ...events(Temporal.Instant.from(AT))]
  expect(all).toHaveLength(4)
  for (const line of all) {
    expect(line).toContain('https://***@example.org')
    expect(line).not.toContain('hunter2')
  }
})
