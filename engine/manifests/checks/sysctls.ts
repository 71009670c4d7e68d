import type { PodSpec, Sysctl } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkUnique } from './unique.ts'

const NAME_MAX = 253
const NAME = /^(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$/

/** Of a pod's own namespaces: https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/ */
const OF_IPC = ['kernel.shm', 'kernel.msg', 'fs.mqueue.']
const OF_NETWORK = ['net.']

export function checkSysctls(
  context: CheckContext,
  path: Path,
  sysctls: readonly Sysctl[] | undefined,
  spec: PodSpec,
): void {
  const items = context.items(path, sysctls)
  checkUnique(context, items, 'name', ({ name }) => name.replaceAll('/', '.'))
  for (const { value, path: at } of items) {
    const problem = problemOf(value.name, spec)
    if (problem !== undefined) context.error([...at, 'name'], problem)
  }
}

function problemOf(name: string, spec: PodSpec): string | undefined {
  if (name === '') return 'must not be empty'
  if (name.length > NAME_MAX) return `must be no more than ${NAME_MAX} characters`
  if (!NAME.test(name)) return `${JSON.stringify(name)} is no name of a kernel parameter`
  const dotted = name.replaceAll('/', '.')
  if (dotted === 'kernel.sem' || OF_IPC.some((prefix) => dotted.startsWith(prefix)))
    return spec.hostIPC === true ? 'may not be specified when hostIPC is true' : undefined
  if (OF_NETWORK.some((prefix) => dotted.startsWith(prefix)))
    return spec.hostNetwork === true ? 'may not be specified when hostNetwork is true' : undefined
  return `${dotted} is no parameter of a pod's own namespaces: it would change the whole machine`
}
