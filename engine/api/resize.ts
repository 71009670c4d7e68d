import { canonicalJson } from './canonical.ts'
import type { Container, PodSpec, Quantity } from './generated/types.ts'
import type { ContainerResize, PodRecord } from './records.ts'
import { parseQuantity } from './quantity.ts'
import { qosClassOf } from './qosClass.ts'
import { templateText } from './templates.ts'

/** The conditions of a resize, as Kubernetes names them: one that waits for room, and one that is being carried out. */
export const RESIZE_PENDING = 'PodResizePending'
export const RESIZE_IN_PROGRESS = 'PodResizeInProgress'

const RESIZABLE = ['cpu', 'memory'] as const

type Resources = Container['resources']

/**
 * What has to be done to get from one spec to the other under the running pod; undefined: they differ in something else than cpu and memory of
 * containers that run on. A string: why Kubernetes would not resize it either.
 */
export function resizeOf(
  before: PodSpec,
  after: PodSpec,
): Readonly<Record<string, ContainerResize>> | string | undefined {
  if (templateText({ spec: unsized(before) }) !== templateText({ spec: unsized(after) })) return undefined
  const changed = lasting(after).flatMap((container) => {
    const was = lasting(before).find(({ name }) => name === container.name)?.resources
    const names = RESIZABLE.filter((name) => differs(was, container.resources, name))
    return names.length === 0 ? [] : [{ container, was, names }]
  })
  if (changed.length === 0) return undefined
  const refusal = refusalOf(before, after)
  if (refusal !== undefined) return refusal
  return Object.fromEntries(
    changed.map(({ container, names, was }) => [
      container.name,
      { resources: was ?? {}, ...(names.some((name) => restarts(container, name)) && { restart: true }) },
    ]),
  )
}

/** Source: ValidatePodResize in pkg/apis/core/validation. Cpus of a container's own are not moved either, as under its static cpu manager. */
function refusalOf(before: PodSpec, after: PodSpec): string | undefined {
  const [was, is] = [qosClassOf(before), qosClassOf(after)]
  if (was !== is) return `its QoS class would change from ${was} to ${is}`
  for (const { name, resources } of lasting(before)) {
    const now = lasting(after).find((one) => one.name === name)?.resources
    for (const part of ['limits', 'requests'] as const) {
      const gone = RESIZABLE.find(
        (one) => resources?.[part]?.[one] !== undefined && now?.[part]?.[one] === undefined,
      )
      if (gone !== undefined) return `${part}.${gone} of container ${name} cannot be taken away while it runs`
    }
  }
  if (is === 'Guaranteed' && [before, after].some((spec) => lasting(spec).some(hasOwnCpus)))
    return 'its cpus are its own, and are not changed while it runs'
  return undefined
}

function hasOwnCpus({ resources }: Container): boolean {
  const cpus = parseQuantity(resources?.limits?.['cpu'] ?? 0) ?? 0
  return cpus >= 1 && Number.isInteger(cpus)
}

/** Those that run on: an init container that ends is not worth it, and Kubernetes does not either. */
function lasting({ containers, initContainers = [] }: PodSpec): readonly Container[] {
  return [...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'), ...containers]
}

function unsized(spec: PodSpec): PodSpec {
  const { initContainers } = spec
  return {
    ...spec,
    containers: spec.containers.map(withoutSizes),
    ...(initContainers !== undefined && {
      initContainers: initContainers.map((one) => (one.restartPolicy === 'Always' ? withoutSizes(one) : one)),
    }),
  }
}

function withoutSizes(container: Container): Container {
  const { resources = {}, ...rest } = container
  const { limits = {}, requests = {}, ...others } = resources
  return { ...rest, resources: { ...others, limits: other(limits), requests: other(requests) } }
}

function other(quantities: Readonly<Record<string, Quantity>>): Readonly<Record<string, Quantity>> {
  return Object.fromEntries(
    Object.entries(quantities).filter(([name]) => name !== 'cpu' && name !== 'memory'),
  )
}

function differs(before: Resources, after: Resources, name: (typeof RESIZABLE)[number]): boolean {
  const of = (resources: Resources): string =>
    canonicalJson([String(resources?.limits?.[name]), String(resources?.requests?.[name])])
  return of(before) !== of(after)
}

function restarts({ resizePolicy = [] }: Container, resource: string): boolean {
  return resizePolicy.some((one) => one.resourceName === resource && one.restartPolicy === 'RestartContainer')
}

/** As its containers run until the resize is carried out. */
export function runningSpec({ pod, resizing }: PodRecord): PodSpec {
  const { spec } = pod
  if (resizing === undefined) return spec
  const then = (container: Container): Container => {
    const before = resizing[container.name]
    return before === undefined ? container : { ...container, resources: before.resources }
  }
  const { initContainers } = spec
  return {
    ...spec,
    containers: spec.containers.map(then),
    ...(initContainers !== undefined && { initContainers: initContainers.map(then) }),
  }
}
