import type { ImageInfo, MountRequest, StartContainerRequest } from '../../api/cri.ts'
import type { Container, PodSpec } from '../../api/generated/types.ts'
import { podUid } from '../../api/names.ts'
import type { ContainerAttempt } from '../../api/plan.ts'
import type { ObservedPod } from '../../api/snapshot.ts'
import { restartRule } from '../backOff.ts'
import { deadlineOf } from '../ends.ts'
import { type ConfigProblem, isProblem, type PodContext } from '../context.ts'
import { containerFacts, filledFactsOf } from '../facts.ts'
import { configError, environmentOf, expandAll, namespaceOf } from './environment.ts'
import { pullImageRequest } from './pullImage.ts'
import { resourcesOf } from './resources.ts'
import { securityOf } from './security.ts'

export function startContainerRequest(
  pod: ObservedPod,
  container: ContainerAttempt,
  image: ImageInfo,
  context: PodContext,
): StartContainerRequest | ConfigProblem {
  const facts = filledFactsOf(pod.record.pod.spec)
  const found = containerFacts(facts, container.name)
  if (found === undefined) return configError(`the pod has no container ${container.name}`)
  const own = found.container
  const env = environmentOf(own, pod, context)
  if (isProblem(env)) return env
  const security = securityOf(own, facts.spec)
  if (isProblem(security)) return security
  return {
    uid: podUid(pod.record.pod.metadata.uid ?? ''),
    container: container.name,
    attempt: container.attempt,
    image: image.id,
    command: expandAll(own.command, env),
    args: expandAll(own.args, env),
    ...(own.workingDir !== undefined && own.workingDir !== '' && { workingDir: own.workingDir }),
    env: [...env],
    mounts: mountsOf(own, facts.spec),
    security,
    resources: resourcesOf(own),
    terminationMessagePath: own.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: own.terminationMessagePolicy ?? 'File',
    restart: restartRule(found, deadlineOf(facts, pod)),
    pidMode: pidMode(facts.spec),
    hostNetwork: facts.spec.hostNetwork ?? false,
    hostIPC: facts.spec.hostIPC ?? false,
    labels: { namespace: namespaceOf(pod), pod: pod.record.pod.metadata.name ?? '' },
  }
}

/** Why the container cannot be described at all, whatever its image holds. */
export function containerProblem(
  pod: ObservedPod,
  container: string,
  context: PodContext,
): ConfigProblem | undefined {
  const facts = filledFactsOf(pod.record.pod.spec)
  const own = containerFacts(facts, container)?.container
  if (own === undefined) return undefined
  const parts = [
    pullImageRequest(pod.record, container, context.desired),
    environmentOf(own, pod, context),
    securityOf(own, facts.spec),
  ]
  return parts.find(isProblem)
}

function pidMode(spec: PodSpec): StartContainerRequest['pidMode'] {
  if (spec.hostPID === true) return 'host'
  return spec.shareProcessNamespace === true ? 'pod' : 'container'
}

/** ConfigMaps and Secrets are never written to from inside, as in Kubernetes. */
function mountsOf(container: Container, spec: PodSpec): readonly MountRequest[] {
  const fixed = new Set(
    (spec.volumes ?? [])
      .filter(({ configMap, secret }) => configMap !== undefined || secret !== undefined)
      .map(({ name }) => name),
  )
  return (container.volumeMounts ?? []).map(({ mountPath, mountPropagation, name, readOnly, subPath }) => ({
    volume: name,
    mountPath,
    ...(subPath !== undefined && subPath !== '' && { subPath }),
    readOnly: readOnly === true || fixed.has(name),
    propagation: mountPropagation === 'HostToContainer' ? 'rslave' : 'private',
  }))
}
