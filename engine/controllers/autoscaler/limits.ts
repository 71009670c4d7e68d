import type {
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../../api/generated/types.ts'

/** How far back a lower answer is not believed, when nothing is said about it. */
const DOWNSCALE_WINDOW_SECONDS = 300
/** The engine decides this often, as kube-controller-manager does. */
export const SYNC_PERIOD_MS = 15_000

/** What the metrics asked for since `at`, until the next one. */
export interface Recommendation {
  readonly atMs: number
  readonly replicas: number
}

/** So many pods more (or fewer) at one time. */
export interface ScaleEvent {
  readonly atMs: number
  readonly change: number
}

/** What the windows and the policies need to know of the past; each list oldest first. */
export interface Past {
  readonly recommendations: readonly Recommendation[]
  readonly ups: readonly ScaleEvent[]
  readonly downs: readonly ScaleEvent[]
}

export const NO_PAST: Past = { recommendations: [], ups: [], downs: [] }

/** A number of pods and why it is that, as a condition says it. */
export interface Limited {
  readonly replicas: number
  readonly reason: string
  readonly message: string
}

export interface Limits {
  readonly min: number
  readonly max: number
  readonly behavior: HorizontalPodAutoscalerSpec['behavior']
}

const READY = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const UP_STABILIZED = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}
const DOWN_STABILIZED = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const IN_RANGE = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
}
const UP_LIMIT = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const DOWN_LIMIT = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}
const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}

/**
 * The window's answer: the lowest recent recommendation on the way up, the highest on the way down. With a window of 300 s downwards, 10 pods
 * that were needed 4 minutes ago are still there, whatever is recommended now. Without `behavior` only the way down has a window.
 */
export function stabilized(
  current: number,
  recommended: number,
  { recommendations }: Past,
  { behavior }: Limits,
  nowMs: number,
): Limited {
  const { down, up } = windowsMs(behavior)
  const recent = (windowMs: number): readonly number[] =>
    recommendations
      .filter((_, index) => lastSaidMs(recommendations, index, nowMs) > nowMs - windowMs)
      .map(({ replicas }) => replicas)
  const highest = Math.max(recommended, ...recent(down))
  if (behavior === undefined) {
    return { replicas: highest, ...(highest === recommended ? READY : DOWN_STABILIZED) }
  }
  const lowest = Math.min(recommended, ...recent(up))
  const replicas = Math.min(Math.max(current, lowest), highest)
  if (replicas === recommended) return { replicas, ...READY }
  return { replicas, ...(recommended >= current ? UP_STABILIZED : DOWN_STABILIZED) }
}

interface Windows {
  readonly down: number
  readonly up: number
}

function windowsMs(behavior: Limits['behavior']): Windows {
  const down = behavior?.scaleDown?.stabilizationWindowSeconds ?? DOWNSCALE_WINDOW_SECONDS
  const up = behavior?.scaleUp?.stabilizationWindowSeconds ?? 0
  return { down: down * 1000, up: up * 1000 }
}

/** A recommendation is repeated at every decision until another one comes; only changes are kept. */
function lastSaidMs(recommendations: Past['recommendations'], index: number, nowMs: number): number {
  const { atMs = 0 } = recommendations[index] ?? {}
  const until = Math.min(recommendations[index + 1]?.atMs ?? nowMs, nowMs)
  return Math.max(Math.min(atMs, nowMs), until - SYNC_PERIOD_MS)
}

/** With the recommendation of now, and without what no window reaches back to. */
export function withRecommendation(
  { recommendations }: Past,
  replicas: number,
  { behavior }: Limits,
  nowMs: number,
): readonly Recommendation[] {
  const { down, up } = windowsMs(behavior)
  // What was said later than now was said before the clock was set back.
  const known = recommendations.map((one) => (one.atMs > nowMs ? { ...one, atMs: nowMs } : one))
  const all = known.at(-1)?.replicas === replicas ? known : [...known, { atMs: nowMs, replicas }]
  const from = nowMs - Math.max(down, up)
  return all.filter((_, index) => index === all.length - 1 || lastSaidMs(all, index, nowMs) > from)
}

/** Within the limits of the spec, and no faster than the policies allow. */
export function limited(current: number, wanted: number, past: Past, limits: Limits, nowMs: number): Limited {
  if (limits.behavior === undefined) return limitedByDefault(current, wanted, limits)
  const { scaleDown = {}, scaleUp = {} } = limits.behavior
  if (wanted > current) {
    const most = Math.max(current, upLimit(current, past, scaleUp, nowMs))
    const allowed = Math.min(limits.max, most)
    if (wanted > allowed) return { replicas: allowed, ...(limits.max > most ? UP_LIMIT : TOO_MANY) }
  }
  if (wanted < current) {
    const least = Math.min(current, downLimit(current, past, scaleDown, nowMs))
    const allowed = Math.max(limits.min, least)
    if (wanted < allowed) return { replicas: allowed, ...(limits.min < least ? DOWN_LIMIT : TOO_FEW) }
  }
  return { replicas: wanted, ...IN_RANGE }
}

/** Never more than twice as many at a time, or 4: a bogus measure shall not make hundreds of pods. */
function limitedByDefault(current: number, wanted: number, { max, min }: Limits): Limited {
  const most = Math.max(2 * current, 4)
  const allowed = Math.min(max, most)
  if (wanted < min) return { replicas: min, ...TOO_FEW }
  if (wanted > allowed) return { replicas: allowed, ...(max > most ? UP_LIMIT : TOO_MANY) }
  return { replicas: wanted, ...IN_RANGE }
}

/** With 80 pods and policies of 4 pods and 10 %, one a minute, the most is 88; with `selectPolicy: Min` it is 84. */
function upLimit(current: number, past: Past, rules: HPAScalingRules, nowMs: number): number {
  if (rules.selectPolicy === 'Disabled') return current
  const limits = (rules.policies ?? []).map((policy) => {
    const start = startOf(policy, current, past, nowMs)
    // Rounded up: a small percentage of few pods would otherwise never let them grow.
    return policy.type === 'Pods' ? start + policy.value : Math.ceil(percent(start, 100 + policy.value))
  })
  return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits)
}

/** The policy that allows the greatest change has the lowest limit. */
function downLimit(current: number, past: Past, rules: HPAScalingRules, nowMs: number): number {
  if (rules.selectPolicy === 'Disabled') return current
  const limits = (rules.policies ?? []).map((policy) => {
    const start = startOf(policy, current, past, nowMs)
    return policy.type === 'Pods' ? start - policy.value : Math.trunc(percent(start, 100 - policy.value))
  })
  return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits)
}

function percent(replicas: number, of: number): number {
  return (replicas * of) / 100
}

/** How many pods there were when the policy's period began. */
function startOf(policy: HPAScalingPolicy, current: number, { downs, ups }: Past, nowMs: number): number {
  const fromMs = nowMs - policy.periodSeconds * 1000
  return current - changeSince(ups, fromMs, nowMs) + changeSince(downs, fromMs, nowMs)
}

/** What happened later than now happened before the clock was set back, so nobody knows when. */
function changeSince(events: readonly ScaleEvent[], fromMs: number, nowMs: number): number {
  let total = 0
  for (const { atMs, change } of events) if (atMs > fromMs && atMs <= nowMs) total += change
  return total
}

/** With a change of now, and without what no policy reaches back to. */
export function withEvent(
  past: Past,
  from: number,
  to: number,
  { behavior }: Limits,
  nowMs: number,
): Pick<Past, 'ups' | 'downs'> {
  if (behavior === undefined) return { ups: [], downs: [] }
  const longest = (rules: HPAScalingRules | undefined): number =>
    Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds * 1000))
  const reach = Math.max(longest(behavior.scaleUp), longest(behavior.scaleDown))
  const recent = (events: readonly ScaleEvent[]): readonly ScaleEvent[] =>
    events.filter(({ atMs }) => atMs > nowMs - reach && atMs <= nowMs)
  const ups = recent(past.ups)
  const downs = recent(past.downs)
  if (to > from) return { ups: [...ups, { atMs: nowMs, change: to - from }], downs }
  if (to < from) return { ups, downs: [...downs, { atMs: nowMs, change: from - to }] }
  return { ups, downs }
}
