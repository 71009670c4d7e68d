import { expect, test } from 'vitest'
import type { DaemonSet, PodSpec, Taint } from '../../../engine/api/generated/types.ts'
import { nodeName } from '../../../engine/api/names.ts'
import { fitOf } from '../../../engine/controllers/daemonset/pods.ts'
import {
  type DaemonLimits,
  daemonLimits,
  daemonMoves,
  type DaemonNode,
  type DaemonPod,
} from '../../../engine/controllers/daemonset/rollout.ts'

interface Named extends DaemonPod {
  readonly name: string
}

/**
 * Nodes n1, n2 ... with their pods, oldest first: o old, n new; `!` not ready, `?` ready but not available, `~` available but not on
 * record, `x` ending, `.` ended, `*` cannot be deleted now. `-` is a node without pods. A node in brackets may keep its pods and
 * takes no new ones, one in braces may not keep them.
 */
function nodesOf(text: string): readonly DaemonNode<Named>[] {
  return text.split(' ').map((word, index) => {
    const name = `n${index + 1}`
    const inner = word.replaceAll(/[[\]{}]/g, '')
    const pods = [...inner.matchAll(/([on])([!?~x.*]*)/g)].map(([, kind, marks = ''], place): Named => {
      const ready = !/[!x.]/.test(marks)
      const available = ready && !marks.includes('?')
      return {
        name: `${kind}${index + 1}${place === 0 ? '' : `'`.repeat(place)}`,
        isNew: kind === 'n',
        ready,
        available,
        firm: available && !marks.includes('~'),
        deleting: marks.includes('x'),
        finished: marks.includes('.'),
        held: marks.includes('*'),
      }
    })
    return { name, shouldRun: !/[[{]/.test(word), mayStay: !word.startsWith('{'), pods }
  })
}

const ONE: DaemonLimits = { type: 'RollingUpdate', maxUnavailable: 1, maxSurge: 0 }
const TWO: DaemonLimits = { ...ONE, maxUnavailable: 2 }
const SURGE: DaemonLimits = { ...ONE, maxUnavailable: 0, maxSurge: 1 }
const SURGE2: DaemonLimits = { ...SURGE, maxSurge: 2 }
const ON_DELETE: DaemonLimits = { type: 'OnDelete', maxUnavailable: 0, maxSurge: 0 }

type Row = readonly [what: string, nodes: string, limits: DaemonLimits, moves: string]

const TABLE: readonly Row[] = [
  ['every node gets a pod at once', '- - -', ONE, '+n1 +n2 +n3'],
  ['with one on each there is nothing to do', 'n n n', ONE, ''],
  ['a node that takes none gets none', '- [] {}', ONE, '+n1'],
  ['what may not stay goes', 'n {n} {n}', ONE, '-n2 -n3'],
  ['what may stay stays, though no new one would come', 'n [n]', ONE, ''],
  ['one that is ending is still there', 'nx n', ONE, ''],
  ['one that has ended goes', 'n. n', ONE, '-n1'],
  ['of two new ones the older stays', 'nn n', ONE, `-n1'`],
  ['of two the one that serves stays', 'n!n n', ONE, '-n1'],

  ['one old pod goes at a time', 'o o o', ONE, '-o1'],
  ['none while one is away', 'ox o o', ONE, ''],
  ['none while the new one is not there', '- o o', ONE, '+n1'],
  ['none while it is not available', 'n? o o', ONE, ''],
  ['none while that is not on record', 'n~ o o', ONE, ''],
  ['then the next', 'n o o', ONE, '-o2'],
  ['two at a time where two may be away', 'o o o', TWO, '-o1 -o2'],
  ['one that is away already counts', 'n! o o', TWO, '-o2'],
  ['an old one that serves nobody goes whatever the others do', 'n! o! o', ONE, '-o2'],
  ['and counts as away', 'o! o o', ONE, '-o1'],
  ['one that cannot be deleted now is passed over', 'o* o o', ONE, '-o2'],
  ['a readiness that is not on record holds the rollout', 'o~ o o', ONE, ''],
  ['an old pod where none is wanted any more is replaced by none', 'n [o]', ONE, '-o2'],

  ['OnDelete deletes nothing', 'o o! o', ON_DELETE, ''],
  ['OnDelete makes what is missing', '- o o', ON_DELETE, '+n1'],

  ['with a surge the new one comes first', 'o o o', SURGE, '+n1'],
  ['the old one stays until it is available', 'on? o o', SURGE, ''],
  ['and that is on record', 'on~ o o', SURGE, ''],
  ['then it goes, and the next node begins', 'on o o', SURGE, '+n2 -o1'],
  ['two nodes at a time with a surge of two', 'o o o', SURGE2, '+n1 +n2'],
  ['one that surges already counts', 'on! o o', SURGE2, '+n2'],
  ['beside an old pod that serves nobody the new one comes at once', 'o! o! o', SURGE, '+n1 +n2 +n3'],
  ['of two old ones the one that serves stays', 'o!o n', SURGE, '-o1'],
  ['never three on a node: one that is ending leaves it first', 'onx o o', SURGE, '+n2'],
  ['an old one that is not ready any more goes', 'o!n! n', SURGE, '-o1'],
  ['what cannot be there any more goes', '{o} n', SURGE, '-o1'],
  ['what serves where none is wanted stays until enough others do', '[o] n? n', SURGE, ''],
  ['then it goes', '[o] n n', SURGE, '-o1'],
  ['one that serves nobody there goes at once', '[o!] n n', SURGE, '-o1'],
]

test.each(TABLE)('%s: %s', (_what, nodes, limits, moves) => {
  const { creates, deletes } = daemonMoves(nodesOf(nodes), limits)
  const gone = deletes.map(({ pod }) => `-${pod.name}`)
  expect([...creates.map((node) => `+${node}`), ...gone].join(' ')).toBe(moves)
})

// nodes, maxUnavailable, maxSurge -> pods away, pods beside: both rounded up
test.each([
  [10, '25%', 0, 3, 0],
  [10, undefined, undefined, 1, 0],
  [3, '30%', 0, 1, 0],
  [10, 0, '30%', 0, 3],
  [1, 0, '10%', 0, 1],
  [10, 0, 0, 1, 0],
  [10, '100%', 0, 10, 0],
  [0, '25%', 0, 0, 0],
] as const)('of %i nodes %s may be without and %s have two', (nodes, unavailable, surge, away, beside) => {
  const rollingUpdate = {
    ...(unavailable !== undefined && { maxUnavailable: unavailable }),
    ...(surge !== undefined && { maxSurge: surge }),
  }
  const limits = daemonLimits(daemonSet({ type: 'RollingUpdate', rollingUpdate }), nodes)
  expect(limits).toEqual({ type: 'RollingUpdate', maxUnavailable: away, maxSurge: beside })
})

function daemonSet(updateStrategy: DaemonSet['spec']['updateStrategy']): DaemonSet {
  const spec = { selector: {}, template: { spec: { containers: [] } } }
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent' },
    spec: { ...spec, ...(updateStrategy !== undefined && { updateStrategy }) },
  }
}

const TAINT: Taint = { key: 'gpu', effect: 'NoSchedule' }
const DRIVES: Taint = { key: 'gpu', effect: 'NoExecute' }
const UNREACHABLE: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }
const PRESSURE: Taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }
const NO_NETWORK: Taint = { key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' }

const FITS: readonly (readonly [
  what: string,
  spec: Partial<PodSpec>,
  node: { readonly taints?: readonly Taint[]; readonly unschedulable?: boolean },
  fit: string,
])[] = [
  ['a plain node', {}, {}, 'runs, stays'],
  ['a node that takes no new pods', {}, { unschedulable: true }, 'runs, stays'],
  ['a node with a taint', {}, { taints: [TAINT] }, 'stays'],
  ['a node whose taint drives pods out', {}, { taints: [DRIVES] }, ''],
  [
    'a node whose taint is tolerated',
    { tolerations: [{ key: 'gpu', operator: 'Exists' }] },
    { taints: [DRIVES] },
    'runs, stays',
  ],
  ['a node that cannot be reached', {}, { taints: [UNREACHABLE] }, 'runs, stays'],
  ['a node short of memory', {}, { taints: [PRESSURE] }, 'runs, stays'],
  ['a node without network', {}, { taints: [NO_NETWORK] }, 'stays'],
  [
    'a node without network, for a pod in the host network',
    { hostNetwork: true },
    { taints: [NO_NETWORK] },
    'runs, stays',
  ],
  ['a node with the labels', { nodeSelector: { disk: 'ssd' } }, {}, 'runs, stays'],
  ['a node with other labels', { nodeSelector: { disk: 'hdd' } }, {}, ''],
  ['another node than the one that is named', { nodeName: 'other' }, {}, ''],
  ['the node that is named', { nodeName: 'rack-1' }, {}, 'runs, stays'],
]

test.each(FITS)('on %s a pod %j of node %j: %s', (_what, spec, node, fit) => {
  const { mayStay, shouldRun } = fitOf(
    { containers: [], ...spec },
    {
      name: nodeName('rack-1'),
      reachable: true,
      unschedulable: node.unschedulable === true,
      labels: { disk: 'ssd' },
      taints: node.taints ?? [],
      drains: [],
      lostSince: undefined,
      fenced: false,
      leaves: false,
      info: undefined,
      allocatable: undefined,
      overReserved: [],
    },
  )
  expect([...(shouldRun ? ['runs'] : []), ...(mayStay ? ['stays'] : [])].join(', ')).toBe(fit)
})
