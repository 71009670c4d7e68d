import { canonicalJson } from './canonical.ts'
import { podTemplateWithDefaults } from './defaults/pod.ts'
import type { PodTemplateSpec } from './generated/types.ts'

/** Set by the controller on what it makes; never part of what was written. */
export const TEMPLATE_HASH = 'pod-template-hash'

/** Fields whose `false` or 0 Kubernetes does not tell from absence. Others mean something: `runAsNonRoot: false`, `runAsUser: 0`. */
const ZERO_IS_ABSENT = new Set([
  'hostIPC',
  'hostNetwork',
  'hostPID',
  'hostPort',
  'initialDelaySeconds',
  'optional',
  'readOnly',
  'stdin',
  'stdinOnce',
  'tty',
])

/** Empty here is as good as absent; elsewhere an empty map is a choice, as in `emptyDir: {}`. */
const EMPTY_IS_ABSENT = new Set(['annotations', 'labels', 'limits', 'nodeSelector', 'requests', 'resources'])

/**
 * Equal texts for templates, each as written, that mean the same: with today's defaults, so that a new default rolls nothing. Under this
 * version of the engine only: never keep it in a record.
 */
export function templateText(template: PodTemplateSpec): string {
  const { spec, metadata } = podTemplateWithDefaults(template)
  const { [TEMPLATE_HASH]: _, ...labels } = metadata?.labels ?? {}
  return canonicalJson(withoutEmpty({ labels, annotations: metadata?.annotations, spec }))
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== 'object' || value === null) return value
  const kept: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const rest: unknown = withoutEmpty(member)
    if (!isAbsent(key, rest)) kept[key] = rest
  }
  return kept
}

function isAbsent(key: string, value: unknown): boolean {
  if (value === undefined || value === '' || value === null) return true
  if (value === false || value === 0) return ZERO_IS_ABSENT.has(key)
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && EMPTY_IS_ABSENT.has(key) && Object.keys(value).length === 0
}
