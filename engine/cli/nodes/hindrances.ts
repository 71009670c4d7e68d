import type { NodeDrain } from '../../api/generated/types.ts'
import type { NodeName } from '../../api/names.ts'
import type { Snapshot } from '../../api/snapshot.ts'
import { podsToDrain, type PodToDrain } from '../../planner/drains.ts'
import { worldOf } from '../../planner/world.ts'

/** Pods that a drain does not simply take, by what kubectl says of them. */
export interface Refusal {
  readonly fatal: readonly string[]
  readonly warnings: readonly string[]
  /** `namespace/name`. */
  readonly toGo: readonly string[]
}

interface Asked {
  readonly node: NodeName
  readonly options: NodeDrain
  readonly ignoreDaemonSets: boolean
}

/** Source: k8s.io/kubectl/pkg/drain/filters.go, whose words these are. */
const WORDS = {
  daemonSet: {
    fatal: 'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)',
    warning: 'ignoring DaemonSet-managed Pods',
  },
  localStorage: {
    fatal: 'cannot delete Pods with local storage (use --delete-emptydir-data to override)',
    warning: 'deleting Pods with local storage',
  },
  unmanaged: {
    fatal: 'cannot delete Pods that declare no controller (use --force to override)',
    warning: 'deleting Pods that declare no controller',
  },
} as const

type Why = keyof typeof WORDS

const ORDER: readonly Why[] = ['daemonSet', 'localStorage', 'unmanaged']

export function refusal(
  snapshot: Snapshot,
  { ignoreDaemonSets, node, options }: Asked,
  now: Temporal.Instant,
): Refusal {
  const pods = podsToDrain(node, worldOf(snapshot, now))
  const allowed: Readonly<Record<Why, boolean>> = {
    daemonSet: ignoreDaemonSets,
    localStorage: options.deleteEmptyDirData === true,
    unmanaged: options.force === true,
  }
  const having = (why: Why): readonly PodToDrain[] => pods.filter(({ traits }) => traits.includes(why))
  const line = (why: Why, text: string): readonly string[] => {
    const names = having(why).map(({ pod }) => pod)
    return names.length === 0 ? [] : [`${text}: ${names.join(', ')}`]
  }
  return {
    fatal: ORDER.flatMap((why) => (allowed[why] ? [] : line(why, WORDS[why].fatal))),
    warnings: ORDER.flatMap((why) => (allowed[why] ? line(why, WORDS[why].warning) : [])),
    toGo: pods.filter(({ traits }) => !traits.includes('daemonSet')).map(({ pod }) => pod),
  }
}

export function refusalText(node: NodeName, { fatal }: Refusal): string {
  const all = fatal.length === 1 ? fatal[0] : `[${fatal.join(', ')}]`
  return `unable to drain node "${node}" due to error: ${all}`
}
