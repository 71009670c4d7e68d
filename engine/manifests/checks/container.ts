import type { Container } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkDevices } from './devices.ts'
import { checkEnvironment } from './environment.ts'
import { dnsLabel } from './names.ts'
import { absolutePath } from './paths.ts'
import { checkPorts } from './ports.ts'
import { checkLifecycle, checkProbes } from './probes.ts'
import { checkResizePolicy } from './resizePolicy.ts'
import { checkResources } from './resources.ts'
import { checkRestarts } from './restarts.ts'
import { checkContainerSecurity } from './security.ts'
import { checkMounts } from './volumes.ts'

/** What a container's checks have to know of its pod. */
export interface PodFacts {
  readonly hostNetwork: boolean
  /** False: in a user namespace of its own. */
  readonly hostUsers: boolean
  readonly graceSeconds: number
  readonly restartPolicy: string
  readonly os: string | undefined
  /** It asks for a Windows node, and so may have paths of one. */
  readonly isForWindows: boolean
  /** Names; undefined when not all of them are known. */
  readonly volumes: readonly string[] | undefined
  /** Of these, those that claims are behind: they alone may be devices. */
  readonly claims: readonly string[]
}

export function checkContainer(context: CheckContext, path: Path, container: Container, pod: PodFacts): void {
  checkWords(context, path, container, pod.isForWindows)
  checkPorts(context, path, container, pod.hostNetwork)
  checkEnvironment(context, path, container, pod.volumes)
  checkMounts(context, path, container, pod)
  checkDevices(context, path, container, pod)
  checkProbes(context, path, container)
  checkLifecycle(context, path, container, pod.graceSeconds, pod.os)
  checkRestarts(context, path, container)
  checkResizePolicy(context, [...path, 'resizePolicy'], container.resizePolicy ?? [], pod.restartPolicy)
  if (container.resources !== undefined) checkResources(context, [...path, 'resources'], container.resources)
  if (container.securityContext !== undefined) {
    checkContainerSecurity(context, [...path, 'securityContext'], container.securityContext, pod)
  }
}

function checkWords(context: CheckContext, path: Path, container: Container, isForWindows: boolean): void {
  const { image, name, workingDir } = container
  const rule = dnsLabel(name)
  if (rule !== undefined) context.error([...path, 'name'], `${JSON.stringify(name)} ${rule}`)
  if (!image) context.error([...path, 'image'], 'required field is missing')
  else if (image !== image.trim()) context.error([...path, 'image'], 'must not start or end with white space')
  else checkImage(context, [...path, 'image'], image)
  const directory = workingDir ? absolutePath(workingDir, isForWindows) : undefined
  if (directory !== undefined) context.error([...path, 'workingDir'], directory)
}

/** registry[:port]/path[:tag][@digest], after distribution's reference grammar. Kubernetes says so only when it pulls. */
const IMAGE =
  /^(?:[a-zA-Z0-9](?:[-a-zA-Z0-9.]*[a-zA-Z0-9])?(?::[0-9]+)?\/|\[[0-9a-fA-F:]+\](?::[0-9]+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,})?$/

function checkImage(context: CheckContext, path: Path, image: string): void {
  if (image.length > 1024 || IMAGE.test(image)) return
  context.warn(path, `${JSON.stringify(image)} is no image reference, so it cannot be pulled`)
}

/** What an init container may have depends on whether it is one that runs on: a sidecar. */
export function checkInitContainer(context: CheckContext, path: Path, container: Container): void {
  if (container.restartPolicy === 'Always') return
  if ((container.resizePolicy ?? []).length > 0)
    context.error([...path, 'resizePolicy'], 'must not be set for init containers')
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[field] !== undefined) {
      const message = 'may not be set for init containers without restartPolicy: Always'
      context.error([...path, field], message)
    }
  }
}
