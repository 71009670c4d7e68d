import type { ConfigMap, Container, PodSpec, Secret } from '../../../engine/api/generated/types.ts'
import type { PodRecord } from '../../../engine/api/records.ts'
import { isProblem } from '../../../engine/kubelet/context.ts'
import { startContainerRequest } from '../../../engine/kubelet/requests/startContainer.ts'
import { container, context, desired, observed, record } from '.././world.ts'

export const IMAGE = { id: 'sha256:abc', reference: 'docker.io/library/busybox@sha256:def' }
const SETTINGS: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { b: 'two', a: 'one', 'with.dot': 'three' },
  binaryData: { z: btoa('\u0001\u0002') },
}
const LOGIN: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'login' },
  data: { user: btoa('root') },
  stringData: { password: 'grün' },
}
export const COMMIT = desired(SETTINGS, LOGIN)

export function start(own: Partial<Container>, spec: Partial<PodSpec> = {}, podRecord?: PodRecord) {
  const podSpec = { ...spec, containers: [container('app', own), ...(spec.containers ?? [])] }
  const base = podRecord ?? record()
  const pod = observed({ ...base, pod: { ...base.pod, spec: podSpec } })
  return startContainerRequest(pod, { name: 'app', attempt: 2 }, IMAGE, context(10, { desired: COMMIT }))
}

export function started(own: Partial<Container>, spec: Partial<PodSpec> = {}, podRecord?: PodRecord) {
  const request = start(own, spec, podRecord)
  if (isProblem(request)) throw new Error(request.message)
  return request
}
