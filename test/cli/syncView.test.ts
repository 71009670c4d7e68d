import { expect, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import { NO_MEMORY } from '../../engine/api/sync.ts'
import { type SyncView, syncLines, syncStatus } from '../../engine/cli/syncView.ts'
import type { SyncState } from '../../engine/daemon/syncState.ts'

const NOW = Temporal.Instant.from('2026-01-01T12:00:00Z')
const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const WEB = objectKey('Deployment', 'shop', 'web')

function ago(minutes: number): string {
  return NOW.subtract({ minutes }).toString()
}

const STATE: SyncState = {
  source: { repository: '/srv/cluster', branch: 'main', path: '' },
  startedAt: ago(300),
  lastLookAt: ago(1),
  seen: { commit: A, at: ago(20) },
  applied: { commit: A, at: ago(20) },
  healthyAt: ago(19),
  suspended: [],
}
const ENGINE = 'the engine (process 7, for 5h) follows /srv/cluster, branch main; looked 60s ago'

function followed(more: Partial<SyncState>): SyncView {
  return { applied: A, memory: NO_MEMORY, engine: { pid: 7, state: { ...STATE, ...more } } }
}

const HELD = {
  commit: B,
  at: ago(3),
  reasons: ['it would delete 2 of 2 running objects.'],
  objects: [WEB],
  data: [],
}
const BROKEN = { file: 'web.yaml', line: 4, column: 3, severity: 'error', message: 'is no number' } as const

const TABLE: readonly (readonly [string, SyncView, readonly string[]])[] = [
  [
    'nothing was ever applied',
    { applied: undefined, memory: NO_MEMORY },
    ['no engine follows the repository', 'no commit was applied yet'],
  ],
  [
    'without an engine',
    { applied: A, memory: NO_MEMORY },
    ['no engine follows the repository', 'commit aaaaaaaaaaaa is applied'],
  ],
  ['all is as it should be', followed({}), [ENGINE, 'commit aaaaaaaaaaaa is applied; healthy for 19m']],
  [
    'the commit in force cannot be read',
    {
      applied: A,
      memory: NO_MEMORY,
      engine: {
        pid: undefined,
        state: { source: STATE.source, startedAt: ago(1), suspended: [] },
      },
    },
    [
      'the engine (for 60s) follows /srv/cluster, branch main; not looked yet',
      'commit aaaaaaaaaaaa is applied; it cannot be read, so nothing is created or pruned',
    ],
  ],
  [
    'trouble with the repository',
    followed({ trouble: { message: 'no route\nto host', failures: 4, since: ago(15) } }),
    [
      ENGINE,
      'commit aaaaaaaaaaaa is applied; healthy for 19m',
      'TROUBLE: the repository cannot be read for 15m (4 failures): no route / to host',
    ],
  ],
  [
    'a refused commit, with the first of its errors',
    followed({
      seen: { commit: B, at: ago(3) },
      refused: {
        commit: B,
        at: ago(3),
        reason: 'invalid',
        message: 'its manifests are invalid',
        errors: Array.from({ length: 7 }, () => BROKEN),
      },
    }),
    [
      ENGINE,
      'commit aaaaaaaaaaaa is applied; healthy for 19m; the branch is at bbbbbbbbbbbb',
      'REFUSED: commit bbbbbbbbbbbb, 3m ago: its manifests are invalid',
      ...Array.from({ length: 5 }, () => '  web.yaml:4:3: error: is no number'),
      '  and 2 more errors; reconcile validate shows all',
    ],
  ],
  [
    'a held commit, with what it would delete and how it is let go on',
    followed({ seen: { commit: B, at: ago(3) }, held: HELD }),
    [
      ENGINE,
      'commit aaaaaaaaaaaa is applied; healthy for 19m; the branch is at bbbbbbbbbbbb',
      'HELD: commit bbbbbbbbbbbb, 3m ago: it would delete 2 of 2 running objects.',
      '  it would delete 1 object:',
      '    Deployment shop/web',
      '  if that is meant so: reconcile approve bbbbbbbbbbbb, or reconcile --once --approve',
    ],
  ],
  [
    'what is on record where no engine runs',
    {
      applied: A,
      memory: {
        suspended: [{ object: WEB, since: ago(90) }],
        held: HELD,
        approved: { commit: B, at: ago(1) },
        rollback: {
          from: B,
          to: A,
          at: ago(2),
          objects: [WEB],
          reason: 'Deployment shop/web did not become healthy',
        },
      },
    },
    [
      'no engine follows the repository',
      'commit aaaaaaaaaaaa is applied',
      'HELD: commit bbbbbbbbbbbb, 3m ago: it would delete 2 of 2 running objects.',
      '  it would delete 1 object:',
      '    Deployment shop/web',
      '  if that is meant so: reconcile approve bbbbbbbbbbbb, or reconcile --once --approve',
      'ROLLED BACK: from commit bbbbbbbbbbbb to aaaaaaaaaaaa, 2m ago, until the branch moves: Deployment shop/web did not become healthy',
      'approved: commit bbbbbbbbbbbb will be applied whatever it deletes',
      'SUSPENDED: Deployment shop/web, for 90m: reconcile resume ends that',
    ],
  ],
]

test.each(TABLE)('%s', (_, view, lines) => {
  expect(syncLines(view, NOW).map((line) => line.replace('3m0s', '3m').replace('2m0s', '2m'))).toEqual(lines)
})

test('the status of the Cluster says the same to programs', () => {
  const view = followed({ held: HELD })
  expect(
    syncStatus({ ...view, memory: { ...NO_MEMORY, suspended: [{ object: WEB, since: ago(1) }] } }),
  ).toMatchObject({
    appliedCommit: A,
    engine: { running: true, pid: 7 },
    sync: {
      source: STATE.source,
      held: { commit: B },
      suspended: [{ object: WEB, since: ago(1) }],
    },
  })
  expect(syncStatus({ applied: undefined, memory: NO_MEMORY })).toMatchObject({
    engine: { running: false },
    sync: { suspended: [] },
  })
})
