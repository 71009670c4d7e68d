import type { LimitRange, LimitRangeItem } from '../generated/types.ts'
import { canonical } from './resources.ts'

/** What a container may have at most it gets, if nothing else is said. Source: SetDefaults_LimitRangeItem in Kubernetes' pkg/apis/core/v1/defaults.go. */
export function limitRangeWithDefaults(range: LimitRange): LimitRange {
  return range.spec === undefined
    ? range
    : { ...range, spec: { ...range.spec, limits: range.spec.limits.map(itemWithDefaults) } }
}

function itemWithDefaults(item: LimitRangeItem): LimitRangeItem {
  const { max, min } = item
  const { maxLimitRequestRatio: ratio } = item
  const kept = {
    ...item,
    ...(max !== undefined && { max: canonical(max) }),
    ...(min !== undefined && { min: canonical(min) }),
    ...(ratio !== undefined && { maxLimitRequestRatio: canonical(ratio) }),
  }
  if (item.type !== 'Container') return kept
  const limits = canonical({ ...max, ...item.default })
  return {
    ...kept,
    default: limits,
    defaultRequest: canonical({ ...min, ...limits, ...item.defaultRequest }),
  }
}
