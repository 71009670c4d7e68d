import type { ContainerResources } from '../../../api/cri.ts'
import { parseJson } from '../json.ts'

/** The configuration of a container with other shares and memory: its time of processors is in its rule. What else is in it stays as it was made. */
export function withResources(config: string, resources: ContainerResources): string {
  const spec = objectIn(parseJson(config))
  const linux = objectIn(spec['linux'])
  const before = objectIn(linux['resources'])
  const { cpuShares, memoryLimitBytes } = resources
  const cpu = { ...objectIn(before['cpu']), shares: cpuShares }
  const memory = memoryLimitBytes === undefined ? {} : { memory: { limit: memoryLimitBytes } }
  return JSON.stringify({ ...spec, linux: { ...linux, resources: { ...before, cpu, ...memory } } })
}

/** The rule of a container that is held to its time of processors by this from its next start on. */
export function withCpuLimit(rule: string, limit: { readonly file: string; readonly value: string }): string {
  const rest = rule.split('\n').filter((line) => line !== '' && !/^cpu_(?:file|limit)=/.test(line))
  return [...rest, `cpu_file=${limit.file}`, `cpu_limit=${limit.value}`, ''].join('\n')
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
