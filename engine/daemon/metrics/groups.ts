/** Which metrics a scrape asks for, by `collect[]`: the engine's own, kube-state-metrics', cAdvisor's. */
export const METRIC_GROUPS = ['engine', 'kube', 'containers'] as const

export type MetricGroup = (typeof METRIC_GROUPS)[number]

export function isMetricGroup(name: string): name is MetricGroup {
  return METRIC_GROUPS.some((group) => group === name)
}
