import type { StartContainerRequest } from '../../api/cri.ts'
import type { ImageInfo } from '../../api/imageRequests.ts'
import type { Container, PodSpec } from '../../api/generated/types.ts'
import { LOG_LIMITS, logLimits } from '../../api/logLimits.ts'
import { podUid } from '../../api/names.ts'
import { blockIoOf } from '../../api/podAnnotations.ts'
import type { ContainerAttempt } from '../../api/plan.ts'
import type { ObservedPod } from '../../api/snapshot.ts'
import { restartRule } from '../backOff.ts'
import { deadlineOf } from '../ends.ts'
import { type ConfigProblem, isProblem, type PodContext } from '../context.ts'
import { containerFacts, filledFactsOf } from '../facts.ts'
import { configError, environmentOf, expandAll, namespaceOf } from './environment.ts'
import { devicesOf } from './devices.ts'
import { mountsOf } from './mounts.ts'
import { pullImageRequest } from './pullImage.ts'
import { oomScoreAdjOf, resourcesOf } from './resources.ts'
import { securityOf } from './security.ts'
import { sysctlsOf } from './sysctls.ts'

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
  const mounts = mountsOf(own, facts.spec, env)
  if (isProblem(mounts)) return mounts
  const devices = devicesOf(own, facts.spec, pod.record)
  if (isProblem(devices)) return devices
  const security = securityOf(own, facts.spec)
  if (isProblem(security)) return security
  const { bytesMax: logBytesMax } = logLimits(context.desired.cluster)
  return {
    uid: podUid(pod.record.pod.metadata.uid ?? ''),
    container: container.name,
    attempt: container.attempt,
    image: image.id,
    command: expandAll(own.command, env),
    args: expandAll(own.args, env),
    ...(own.workingDir !== undefined && own.workingDir !== '' && { workingDir: own.workingDir }),
    env: [...env],
    mounts,
    ...(devices.length > 0 && { devices }),
    security,
    resources: resources(own, facts.spec, pod, context),
    terminationMessagePath: own.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: own.terminationMessagePolicy ?? 'File',
    restart: restartRule(found, deadlineOf(facts, pod)),
    pidMode: pidMode(facts.spec),
    hostNetwork: facts.spec.hostNetwork ?? false,
    hostIPC: facts.spec.hostIPC ?? false,
    labels: { namespace: namespaceOf(pod), pod: pod.record.pod.metadata.name ?? '' },
    ...(facts.spec.securityContext?.sysctls !== undefined && { sysctls: sysctlsOf(facts.spec) }),
    ...(logBytesMax !== LOG_LIMITS.bytesMax && { logBytesMax }),
    ...(own.stdin === true && { stdin: own.stdinOnce === true ? 'once' : 'open' }),
    ...(own.tty === true && { tty: true }),
  }
}

function resources(
  container: Container,
  spec: PodSpec,
  pod: ObservedPod,
  context: PodContext,
): StartContainerRequest['resources'] {
  const blockIo = blockIoOf(pod.record.pod.metadata.annotations)
  return {
    ...resourcesOf(container),
    oomScoreAdj: oomScoreAdjOf(container, spec, context.node.info?.memoryBytes ?? 0),
    ...(blockIo !== undefined && { blockIo }),
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
  const env = environmentOf(own, pod, context)
  const parts = [
    pullImageRequest(pod.record, container, context.desired),
    env,
    isProblem(env) || needsFiles(own) ? env : mountsOf(own, facts.spec, env),
    devicesOf(own, facts.spec, pod.record),
    securityOf(own, facts.spec),
  ]
  return parts.find(isProblem)
}

/** What is in the files is not known before the start. */
function needsFiles({ env = [] }: Container): boolean {
  return env.some(({ valueFrom }) => valueFrom?.fileKeyRef !== undefined)
}

function pidMode(spec: PodSpec): StartContainerRequest['pidMode'] {
  if (spec.hostPID === true) return 'host'
  return spec.shareProcessNamespace === true ? 'pod' : 'container'
}
