import { withRequestsFromLimits } from './defaults/resources.ts'
import type { Container, LimitRange, LimitRangeItem, PodSpec, Quantity } from './generated/types.ts'

type Quantities = Readonly<Record<string, Quantity>>

interface Defaults {
  readonly limits: Quantities
  readonly requests: Quantities
}

export function itemsOf(ranges: readonly LimitRange[], type: string): readonly LimitRangeItem[] {
  return ranges.flatMap(({ spec }) => (spec?.limits ?? []).filter((item) => item.type === type))
}

/**
 * The limits and requests that containers lack, as their namespace's LimitRanges (with defaults) say: of several the first that has one.
 * Source: mergePodResourceRequirements in Kubernetes' plugin/pkg/admission/limitranger.
 */
export function withContainerDefaults(spec: PodSpec, ranges: readonly LimitRange[]): PodSpec {
  const defaults = defaultsOf(ranges)
  if (defaults === undefined) return spec
  const { containers, initContainers } = spec
  const fill = (container: Container): Container => filled(container, defaults)
  return {
    ...spec,
    containers: containers.map(fill),
    ...(initContainers !== undefined && { initContainers: initContainers.map(fill) }),
  }
}

function defaultsOf(ranges: readonly LimitRange[]): Defaults | undefined {
  let limits: Quantities = {}
  let requests: Quantities = {}
  for (const item of itemsOf(ranges, 'Container')) {
    limits = { ...item.default, ...limits }
    requests = { ...item.defaultRequest, ...requests }
  }
  const isEmpty = Object.keys(limits).length === 0 && Object.keys(requests).length === 0
  return isEmpty ? undefined : { limits, requests }
}

/** A limit of its own is its request, too, before a default is. */
function filled(container: Container, { limits, requests }: Defaults): Container {
  const own = withRequestsFromLimits(container).resources
  const resources = {
    ...own,
    limits: { ...limits, ...own?.limits },
    requests: { ...requests, ...own?.requests },
  }
  return { ...container, resources }
}
