import { expect, test } from 'vitest'
import type { StatefulSet } from '../../../engine/api/generated/types.ts'
import { ordinalOf } from '../../../engine/controllers/statefulset/pods.ts'
import {
  maxUnavailableOf,
  type StatefulGoal,
  statefulMoves,
  type StatefulPod,
  wantedRevision,
} from '../../../engine/controllers/statefulset/rollout.ts'

/**
 * Pods in one word each: ordinal, revision (a, b, c), and what is the matter: `!` not available, `#` nor will it ever be, `~` available but not on record yet,
 * `x` ending, `.` ended, `*` cannot be deleted now.
 */
function podsOf(text: string): readonly StatefulPod[] {
  return text.split(' ').flatMap((word) => {
    const [, ordinal, revision, marks = ''] = /^(\d+)([a-z])(.*)$/.exec(word) ?? []
    if (ordinal === undefined) return []
    const available = !/[!#x.]/.test(marks)
    return [
      {
        ordinal: Number(ordinal),
        revision: `web-${revision}`,
        available,
        firm: available && !marks.includes('~'),
        broken: marks.includes('#'),
        deleting: marks.includes('x'),
        finished: marks.includes('.'),
        held: marks.includes('*'),
      },
    ]
  })
}

const GOAL: StatefulGoal = {
  start: 0,
  replicas: 3,
  ordered: true,
  type: 'RollingUpdate',
  partition: 0,
  maxUnavailable: 1,
  currentRevision: 'web-a',
  updateRevision: 'web-b',
  unread: false,
}
const SAME = { updateRevision: 'web-a' }
const PARALLEL = { ordered: false }

type Row = readonly [what: string, pods: string, goal: Partial<StatefulGoal>, moves: string]

// the pods that are made (+) and deleted (-), in order
const TABLE: readonly Row[] = [
  // as the StatefulSet basics tutorial tells it: created in order, each one Running and Ready before the next
  ['the first is made alone', '', SAME, '+0a'],
  ['the second waits for the first to be available', '0a!', SAME, ''],
  ['the second comes once the first is available', '0a', SAME, '+1a'],
  ['the third comes last', '0a 1a', SAME, '+2a'],
  ['a full set wants nothing', '0a 1a 2a', SAME, ''],
  ['a readiness that is not on record yet lets the next one come', '0a~', SAME, '+1a'],
  ['Parallel makes all at once', '', { ...SAME, ...PARALLEL }, '+0a +1a +2a'],
  ['Parallel makes what is missing, whatever the others do', '1a!', { ...SAME, ...PARALLEL }, '+0a +2a'],
  ['ordinals begin where they are said to', '', { ...SAME, start: 5 }, '+5a'],
  ['in order from there', '5a', { ...SAME, start: 5 }, '+6a'],
  ['a pod that is ending is still there', '0a 1ax 2a', SAME, ''],
  ['a hole is filled before all else', '0a 2a', { replicas: 2, ...SAME }, '+1a'],
  ['a pod that ended goes, and comes anew when it has gone', '0a 1a. 2a', SAME, '-1a'],
  ['one that ended is there until it has gone', '0a 1a.x 2a', SAME, ''],

  // scaling down: the highest first, each one gone before the next
  ['the last one goes first', '0a 1a 2a 3a 4a', SAME, '-4a'],
  ['the next waits until it has gone', '0a 1a 2a 3a 4ax', SAME, ''],
  ['then it goes', '0a 1a 2a 3a', SAME, '-3a'],
  ['scaling halts while a pod that stays is not available', '0a 1a! 2a 3a', SAME, ''],
  ['also when all are to go and none is available', '0a! 1a! 2a!', { ...SAME, replicas: 0 }, ''],
  ['the only one that is not available may go', '0a 1a 2a!', { ...SAME, replicas: 2 }, '-2a'],
  ['one that has ended is not waited for', '0a! 1a! 2a.', { ...SAME, replicas: 0 }, '-2a'],
  [
    'while pods may be there that nobody could read, none goes before them',
    '0a 1a',
    { ...SAME, replicas: 0, unread: true },
    '',
  ],
  [
    'Parallel lets all go at once',
    '0a 1a! 2a 3a 4a',
    { ...SAME, ...PARALLEL, replicas: 1 },
    '-4a -3a -2a -1a',
  ],
  ['a range that moves makes its own before it lets the others go', '0a 1a 2a', { ...SAME, start: 1 }, '+3a'],
  ['then those below go, too', '0a 1a 2a 3a', { ...SAME, start: 1 }, '-0a'],

  // rolling updates: from the largest ordinal to the smallest, one at a time
  ['an update begins with the largest ordinal', '0a 1a 2a', {}, '-2a'],
  ['nothing more goes while it is away', '0a 1a', {}, '+2b'],
  ['nor before it is available', '0a 1a 2b!', {}, ''],
  ['nor before that is on record', '0a 1a 2b~', {}, ''],
  ['then the next', '0a 1a 2b', {}, '-1a'],
  ['the smallest last', '0a 1b 2b', {}, '-0a'],
  ['an update that is over wants nothing', '0b 1b 2b', {}, ''],
  ['OnDelete deletes nothing', '0a 1a 2a', { type: 'OnDelete' }, ''],
  ['OnDelete makes what is missing of the new template', '0a 1a', { type: 'OnDelete' }, '+2b'],
  ['scaling comes before the update', '0a 1a 2a', { replicas: 2 }, '-2a'],
  ['and growing, too', '0a 1a', {}, '+2b'],

  // partition: ordinals that are smaller stay, also when they are deleted
  ['a partition of 2 updates the last of three', '0a 1a 2a', { partition: 2 }, '-2a'],
  ['and no other', '0a 1a 2b', { partition: 2 }, ''],
  ['below the partition a pod comes back as it was', '0a 2b', { partition: 2 }, '+1a'],
  ['above it, as it is now', '0a 1a', { partition: 2 }, '+2b'],
  ['a partition over the replicas updates nothing', '0a 1a 2a', { partition: 3 }, ''],
  ['a smaller partition lets the update go on', '0a 1a 2b', { partition: 1 }, '-1a'],
  ['it is counted from the first ordinal', '5a 6a 7a', { start: 5, partition: 2 }, '-7a'],
  ['so that two stay', '5a 6a 7b', { start: 5, partition: 2 }, ''],

  // maxUnavailable
  ['two may be away', '0a 1a 2a 3a 4a', { replicas: 5, maxUnavailable: 2 }, '-4a -3a'],
  ['one that is away already counts', '0a 1a 2a 3a', { replicas: 5, maxUnavailable: 2 }, '+4b'],
  ['in order the lower one comes back first', '0a 1a 2a', { replicas: 5, maxUnavailable: 2 }, '+3b'],
  ['Parallel brings back both', '0a 1a 2a', { replicas: 5, maxUnavailable: 2, ...PARALLEL }, '+3b +4b'],
  [
    'Parallel updates as many as may be away',
    '0a 1a 2a 3a 4a',
    { replicas: 5, maxUnavailable: 3, ...PARALLEL },
    '-4a -3a -2a',
  ],
  ['Parallel replaces what serves nobody first', '0a! 1a 2a', PARALLEL, '-0a'],
  ['and takes nothing else with it', '0a! 1a! 2a', { ...PARALLEL, maxUnavailable: 2 }, '-1a -0a'],
  ['but not below the partition', '0a! 1a 2a', { ...PARALLEL, partition: 1 }, ''],

  // a broken rollout stops and waits; once the template is put right, what is broken makes room
  ['a broken rollout stops by itself', '0a 1a 2b!', {}, ''],
  ['reverted, the broken pod goes', '0a 1a 2b!', SAME, '-2b'],
  ['mended, it goes as well', '0a 1a 2b!', { updateRevision: 'web-c' }, '-2b'],
  ['a set that never came up is mended', '0a!', {}, '-0a'],
  ['the one whose turn is next may go when it is unwell', '0a 1a! 2b', {}, '-1a'],
  ['one that is unwell for other reasons is waited for', '0a! 1a 2a', {}, ''],
  ['unless it will not come back by itself', '0a# 1a 2a', {}, '-0a'],
  ['whatever the others do', '0a# 1a! 2a!', {}, '-0a'],
  ['one that is broken and of the template of now is waited for', '0b# 1b 2b', {}, ''],
  ['no second one goes beside it', '0a! 1a 2c!', { updateRevision: 'web-b' }, ''],
  [
    'OnDelete leaves the broken pod to its owner',
    '0a 1a 2b!',
    { type: 'OnDelete', updateRevision: 'web-c' },
    '',
  ],
  ['below the partition the broken pod goes back to what it was', '0a 1b! 2b', { partition: 2 }, '-1b'],

  // two of one ordinal: only after somebody else's doing
  ['of two of one ordinal one goes', '0a 0a 1a 2a', SAME, '-0a'],
]

test.each(TABLE)('%s: %s', (_what, pods, changes, moves) => {
  const { creates, deletes } = statefulMoves(podsOf(pods), { ...GOAL, ...changes })
  const made = creates.map(({ ordinal, revision }) => `+${ordinal}${revision.slice(4)}`)
  const gone = deletes.map(({ pod }) => `-${pod.ordinal}${pod.revision?.slice(4)}`)
  expect([...made, ...gone].join(' ')).toBe(moves)
})

test('a pod that is missing is made of the revision that its ordinal is to have', () => {
  const goal = { ...GOAL, partition: 2 }
  expect([0, 1, 2].map((ordinal) => wantedRevision(ordinal, goal))).toEqual(['web-a', 'web-a', 'web-b'])
})

// replicas, maxUnavailable -> pods: rounded down, but no less than one
test.each([
  [10, undefined, 1],
  [10, '25%', 2],
  [5, '50%', 2],
  [3, '10%', 1],
  [10, '100%', 10],
  [3, 2, 2],
  [0, '50%', 1],
] as const)('of %i pods %s may be unavailable: %i', (replicas, maxUnavailable, pods) => {
  expect(maxUnavailableOf(setOf(replicas, maxUnavailable))).toBe(pods)
})

function setOf(replicas: number, maxUnavailable: string | number | undefined): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { spec: { containers: [] } },
      updateStrategy: { rollingUpdate: maxUnavailable === undefined ? {} : { maxUnavailable } },
    },
  }
}

test.each([
  ['web-0', 0],
  ['web-12', 12],
  ['web-01', undefined],
  ['web-', undefined],
  ['web-a', undefined],
  ['other-1', undefined],
  ['web-x-1', undefined],
])('%s is ordinal %s of web', (name, ordinal) => {
  expect(ordinalOf('web', name)).toBe(ordinal)
})
