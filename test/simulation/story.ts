import fc from 'fast-check'
import type { Outcome } from './model.ts'
import type { Wanted, WantedDaemonSet, WantedDeployment, WantedPod, WantedStatefulSet } from './wanted.ts'

/** What happens to a world, one move after the other. */
export type Move =
  | { readonly kind: 'commit'; readonly wanted: readonly Wanted[] }
  | { readonly kind: 'tick'; readonly run: Run }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'crash'; readonly pod: number }
  | { readonly kind: 'silence'; readonly node: number }
  | { readonly kind: 'return'; readonly node: number }
  | { readonly kind: 'reboot'; readonly node: number }
  | { readonly kind: 'forget'; readonly record: number }
  | { readonly kind: 'unready'; readonly pod: number }
  | { readonly kind: 'ready' }
  /** The so-many-th object of the commit is suspended by hand. */
  | { readonly kind: 'suspend'; readonly object: number }
  /** All that is suspended is resumed. */
  | { readonly kind: 'resume' }

/** How the engine fares with one plan. */
export interface Run {
  /** It is killed after so many actions. */
  readonly cutAfter: number
  /** How each action ends, over and over again. */
  readonly outcomes: readonly (Outcome | 'slow')[]
}

export interface Story {
  readonly nodes: number
  readonly moves: readonly Move[]
}

const size = fc.oneof(fc.nat(2), fc.constantFrom('0%', '25%', '50%', '100%'))

const kept = fc.nat(9).map((number) => number === 0)

const deployment: fc.Arbitrary<WantedDeployment> = fc.record({
  kind: fc.constant('Deployment' as const),
  name: fc.constantFrom('web', 'api'),
  replicas: fc.nat(4),
  tag: fc.constantFrom('a', 'b', 'c', 'bad'),
  strategy: fc.constantFrom('RollingUpdate' as const, 'RollingUpdate' as const, 'Recreate' as const),
  maxSurge: size,
  maxUnavailable: size,
  minReadySeconds: fc.constantFrom(0, 0, 5),
  paused: fc.constantFrom(false, false, false, true),
  probed: fc.boolean(),
  kept,
})

const pod: fc.Arbitrary<WantedPod> = fc.record({
  kind: fc.constant('Pod' as const),
  name: fc.constantFrom('one', 'two'),
  tag: fc.constantFrom('a', 'b', 'bad'),
  label: fc.constantFrom('red', 'blue'),
  kept,
})

const statefulSet: fc.Arbitrary<WantedStatefulSet> = fc.record({
  kind: fc.constant('StatefulSet' as const),
  name: fc.constantFrom('db' as const, 'kv' as const),
  replicas: fc.nat(4),
  start: fc.constantFrom(0, 0, 0, 2),
  tag: fc.constantFrom('a', 'b', 'c', 'bad'),
  partition: fc.constantFrom(0, 0, 0, 1, 3),
  maxUnavailable: fc.constantFrom(1, 1, 2, '50%'),
  onDelete: fc.constantFrom(false, false, false, true),
  minReadySeconds: fc.constantFrom(0, 0, 5),
  probed: fc.boolean(),
  kept,
})

const daemonSet: fc.Arbitrary<WantedDaemonSet> = fc
  .record({
    kind: fc.constant('DaemonSet' as const),
    name: fc.constant('agent' as const),
    tag: fc.constantFrom('a', 'b', 'c', 'bad'),
    maxSurge: fc.constantFrom(0, 0, 1, '50%'),
    maxUnavailable: fc.constantFrom(1, 2, '50%'),
    onDelete: fc.constantFrom(false, false, false, true),
    minReadySeconds: fc.constantFrom(0, 0, 5),
    probed: fc.boolean(),
    kept,
  })
  .map((one) => (one.maxSurge === 0 ? one : { ...one, maxUnavailable: 0 }))

const kinds = fc.oneof(deployment, deployment, pod, statefulSet, daemonSet)

const wanted: fc.Arbitrary<readonly Wanted[]> = fc.uniqueArray(kinds, {
  maxLength: 3,
  selector: (one) => `${one.kind}/${one.name}`,
})

const outcome = fc.constantFrom(
  'whole',
  'whole',
  'whole',
  'half',
  'none',
  'slow' as const,
) satisfies fc.Arbitrary<Outcome | 'slow'>

const run: fc.Arbitrary<Run> = fc.record({
  cutAfter: fc.constantFrom(0, 1, 2, 3, 100, 100, 100, 100),
  outcomes: fc.array(outcome, { minLength: 1, maxLength: 5 }),
})

const tick = fc.record({ kind: fc.constant('tick' as const), run })

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('commit' as const), wanted }) },
  { weight: 10, arbitrary: tick },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      seconds: fc.constantFrom(1, 5, 20, 700, -30),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), pod: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('silence' as const), node: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('return' as const), node: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reboot' as const), node: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), record: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unready' as const), pod: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ready' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('suspend' as const), object: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resume' as const) }) },
)

export const stories: fc.Arbitrary<Story> = fc.record({
  nodes: fc.integer({ min: 1, max: 3 }),
  moves: fc.array(move, { minLength: 3, maxLength: 40, size: 'max' }),
})
