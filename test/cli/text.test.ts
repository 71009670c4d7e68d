import { describe, expect, test } from 'vitest'
import { ageText, parseDurationMs } from '../../engine/cli/duration.ts'
import { editDistance, nearest } from '../../engine/cli/nearest.ts'
import { judgeOwnership } from '../../engine/cli/ownership.ts'
import { createPicture } from '../../engine/cli/picture.ts'
import { parsePodName } from '../../engine/cli/pods.ts'
import { podRow, restartLines } from '../../engine/cli/podText.ts'
import { parseSelector } from '../../engine/cli/selector.ts'
import { columns, plainText } from '../../engine/cli/table.ts'
import type { Pod, PodStatus } from '../../engine/api/generated/types.ts'
import { matchesSelector } from '../../engine/api/selectors.ts'
import type { RootOwner, RootRecord } from '../../engine/api/records.ts'

test.each([
  ['90s', 90_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['1.5s', 1500],
  ['30', 30_000],
  ['', undefined],
  ['5x', undefined],
  ['-5s', undefined],
  ['m', undefined],
])('the duration %j is %j milliseconds', (text, expected) => {
  expect(parseDurationMs(text)).toBe(expected)
})

test.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [130, '2m10s'],
  [3599, '59m'],
  [10_800, '3h'],
  [11_100, '3h5m'],
  [100_000, '27h'],
  [190_000, '2d4h'],
  [4_000_000, '46d'],
  [-3, '0s'],
])('an age of %i seconds is written %s', (seconds, text) => {
  expect(ageText(seconds)).toBe(text)
})

test('a near name is found and a far one is not', () => {
  expect(nearest('stauts', ['status', 'top'])).toBe('status')
  expect(nearest('xyz', ['status', 'top'])).toBeUndefined()
  expect(editDistance('ab', 'ba', 3)).toBe(1)
  expect(editDistance('kitten', 'sitting', 5)).toBe(3)
  expect(editDistance('a', 'abcdefgh', 2)).toBe(3)
})

test('columns are as wide as their widest cell, with nothing at the ends of lines', () => {
  expect(
    columns([
      ['a', 'bb', ''],
      ['ccc', 'd', 'e'],
    ]),
  ).toEqual(['a     bb', 'ccc   d    e'])
})

test('control characters of others do not reach the terminal', () => {
  expect(plainText('a\u001b[2Jb\rc\td\n')).toBe('a\ufffd[2Jb\ufffdc\td\n')
})

describe('a selector', () => {
  const labels = { app: 'web', tier: 'front' }
  test.each([
    ['app=web', true],
    ['app==web,tier=front', true],
    ['app!=web', false],
    ['app', true],
    ['!app', false],
    ['app in (db, web)', true],
    ['app notin (db),tier', true],
    ['app=db', false],
  ])('%s is read as kubectl reads it', (text, expected) => {
    expect(matchesSelector(parseSelector(text), labels)).toBe(expected)
  })

  test.each(['', 'a=b,', 'a b', 'a in b'])('%j is refused', (text) => {
    expect(() => parseSelector(text)).toThrow('write it like app=web')
  })
})

test.each([
  ['web', undefined, { kind: 'pod', namespace: undefined, name: 'web' }],
  ['web', 'shop', { kind: 'pod', namespace: 'shop', name: 'web' }],
  ['shop/web', undefined, { kind: 'pod', namespace: 'shop', name: 'web' }],
  ['pod/web', 'shop', { kind: 'pod', namespace: 'shop', name: 'web' }],
  ['deploy/web', undefined, { kind: 'deployment', namespace: undefined, name: 'web' }],
  ['shop/deployment/web', undefined, { kind: 'deployment', namespace: 'shop', name: 'web' }],
])('POD %s in namespace %s is understood', (asked, namespace, expected) => {
  expect(parsePodName(asked, namespace)).toEqual(expected)
})

describe('a root', () => {
  const owner: RootOwner = { cluster: 'home', path: '', repository: '/srv/a' }
  const record: RootRecord = {
    recordVersion: 1,
    rootId: 'x',
    owner,
    podCIDR: '10.0.0.0/16',
    appliedCommit: 'a'.repeat(40),
  }
  const question = { root: '/r', record, owner, hasApplied: true, takeOver: false }

  test('that nobody has used is new, and the owner’s own is ours', () => {
    expect(judgeOwnership({ ...question, record: undefined })).toEqual({ kind: 'new' })
    expect(judgeOwnership(question)).toEqual({ kind: 'ours' })
  })

  test('of another cluster or path is refused with both names, unless it is taken over', () => {
    for (const other of [
      { ...owner, cluster: 'office' },
      { ...owner, path: 'apps' },
    ]) {
      const verdict = judgeOwnership({ ...question, owner: other })
      expect(verdict).toMatchObject({ kind: 'refused' })
      const { message } = verdict as { readonly message: string }
      expect(message).toContain('cluster home from /srv/a')
      expect(message).toContain(`cluster ${other.cluster} from /srv/a`)
      expect(message).toContain('--take-over')
      expect(judgeOwnership({ ...question, owner: other, takeOver: true })).toEqual({ kind: 'takenOver' })
    }
  })

  test('is recognised from a clone at another place, by the commit that was applied', () => {
    const moved = { ...owner, repository: '/srv/b' }
    expect(judgeOwnership({ ...question, owner: moved })).toEqual({ kind: 'ours' })
    expect(judgeOwnership({ ...question, owner: moved, hasApplied: false })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('/srv/b'),
    })
  })

  test('whose applied commit Git has lost is refused, and nothing is pruned', () => {
    expect(judgeOwnership({ ...question, hasApplied: false })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(`no longer has commit ${'a'.repeat(40)}`),
    })
  })

  test('with uncommitted files applied is known by its place alone', () => {
    const uncommitted = { ...record, appliedCommit: 'uncommitted' }
    expect(judgeOwnership({ ...question, record: uncommitted, hasApplied: false })).toEqual({ kind: 'ours' })
    const moved = { ...owner, repository: '/srv/b' }
    expect(judgeOwnership({ ...question, record: uncommitted, owner: moved })).toMatchObject({
      kind: 'refused',
    })
  })
})

describe('a pod’s row', () => {
  const pod = (status: PodStatus, more: Partial<Pod['metadata']> = {}): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', ...more },
    spec: {
      containers: [{ name: 'a', image: 'i' }],
      initContainers: [
        { name: 'i1', image: 'i' },
        { name: 'i2', image: 'i' },
      ],
    },
    status,
  })
  const one = (state: object, more: object = {}) => ({
    name: 'a',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: 0,
    state,
    ...more,
  })

  const LOST = { type: 'Ready', status: 'False', reason: 'NodeNotReady' } as const

  test.each<[string, Pod, string]>([
    [
      'runs',
      pod({ phase: 'Running', containerStatuses: [one({ running: {} }, { ready: true })] }),
      'Running',
    ],
    ['has not begun', pod({ phase: 'Pending' }), 'Pending'],
    [
      'crashes',
      pod({ phase: 'Running', containerStatuses: [one({ waiting: { reason: 'CrashLoopBackOff' } })] }),
      'CrashLoopBackOff',
    ],
    [
      'is done',
      pod({
        phase: 'Succeeded',
        containerStatuses: [one({ terminated: { exitCode: 0, reason: 'Completed' } })],
      }),
      'Completed',
    ],
    [
      'failed',
      pod({ phase: 'Failed', containerStatuses: [one({ terminated: { exitCode: 3 } })] }),
      'ExitCode:3',
    ],
    [
      'is on a node that is lost',
      pod({
        phase: 'Running',
        conditions: [LOST],
        containerStatuses: [one({ running: {} }, { ready: true })],
      }),
      'Unknown',
    ],
    [
      'is to go from a node that is lost',
      pod({ phase: 'Running', conditions: [LOST] }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      'Unknown',
    ],
    [
      'had ended before its node was lost',
      pod({
        phase: 'Succeeded',
        conditions: [LOST],
        containerStatuses: [one({ terminated: { exitCode: 0, reason: 'Completed' } })],
      }),
      'Completed',
    ],
    ['goes', pod({ phase: 'Running' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }), 'Terminating'],
    [
      'is at its second init container',
      pod({
        phase: 'Pending',
        initContainerStatuses: [
          { ...one({ terminated: { exitCode: 0, reason: 'Completed' } }), name: 'i1' },
          { ...one({ running: {} }), name: 'i2' },
        ],
        containerStatuses: [one({ waiting: { reason: 'PodInitializing' } })],
      }),
      'Init:1/2',
    ],
    [
      'has an init container that fails',
      pod({
        phase: 'Pending',
        initContainerStatuses: [{ ...one({ waiting: { reason: 'ErrImagePull' } }), name: 'i1' }],
      }),
      'Init:ErrImagePull',
    ],
  ])('that %s', (_what, given, status) => {
    expect(podRow(given).status).toBe(status)
  })

  test('counts ready containers, and restarts with their last exit', () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-01-01T00:00:00Z' }
    const given = pod({
      phase: 'Running',
      containerStatuses: [one({ running: {} }, { ready: true, restartCount: 2, lastState: { terminated } })],
    })
    expect(podRow(given)).toEqual({
      ready: '1/1',
      status: 'Running',
      restarts: 2,
      lastRestart: '2026-01-01T00:00:00Z',
    })
    expect(restartLines(given)).toEqual([
      'container a was restarted 2 times, last ended with exit code 137 (OOMKilled)',
    ])
  })
})

test('a live picture erases what it drew, keeps what was printed, and never outgrows the terminal', () => {
  let written = ''
  const picture = createPicture({
    write: (text) => void (written += text),
    isTTY: true,
    size: () => ({ columns: 10, rows: 4 }),
    closed: new AbortController().signal,
  })
  picture.draw(['one', 'two', 'three'])
  expect(written).toBe('one\ntwo\n')
  written = ''
  picture.draw(['one', 'two', 'three'])
  expect(written).toBe('')
  picture.print('said\n')
  expect(written).toBe('\u001b[2A\u001b[Jsaid\none\ntwo\n')
  written = ''
  picture.draw(['a line that is too long'])
  expect(written).toBe('\u001b[2A\u001b[Ja line th\n')
  written = ''
  picture.clear()
  expect(written).toBe('\u001b[1A\u001b[J')
})
