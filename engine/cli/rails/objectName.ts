import { type ObjectKey, objectKey } from '../../api/names.ts'
import type { Invocation } from '../invocation.ts'
import { UserError } from '../userError.ts'

/** As kubectl writes them, in the singular, in the plural and short. */
const KINDS: readonly (readonly [kind: string, names: readonly string[]])[] = [
  ['CronJob', ['cronjob', 'cronjobs', 'cj']],
  ['DaemonSet', ['daemonset', 'daemonsets', 'ds']],
  ['Deployment', ['deployment', 'deployments', 'deploy']],
  ['HorizontalPodAutoscaler', ['horizontalpodautoscaler', 'horizontalpodautoscalers', 'hpa']],
  ['Job', ['job', 'jobs']],
  ['Pod', ['pod', 'pods', 'po']],
  ['ReplicaSet', ['replicaset', 'replicasets', 'rs']],
  ['StatefulSet', ['statefulset', 'statefulsets', 'sts']],
]

const BY_NAME: ReadonlyMap<string, string> = new Map(
  KINDS.flatMap(([kind, names]) => names.map((name) => [name, kind] as const)),
)

/** By one of its names; undefined: of none of these. */
export function kindNamed(word: string): string | undefined {
  return BY_NAME.get(word.toLowerCase())
}

/** `KIND/NAME` or `KIND/NAMESPACE/NAME`, as the command line has it. */
export function objectNamed(asked: string, invocation: Invocation): ObjectKey {
  const [kindName = '', ...rest] = asked.split('/')
  const [name = '', namespace = invocation.text('namespace') ?? 'default'] = rest.toReversed()
  const isName = rest.length >= 1 && rest.length <= 2 && name !== '' && namespace !== ''
  if (!isName)
    throw new UserError(`${JSON.stringify(asked)} names no object: write KIND/NAME or KIND/NAMESPACE/NAME`)
  const kind = kindNamed(kindName)
  if (kind === undefined) {
    const known = KINDS.map(([, [word]]) => word).join(', ')
    throw new UserError(`nothing runs of a ${kindName} by itself: name one of ${known}`)
  }
  return objectKey(kind, namespace, name)
}
