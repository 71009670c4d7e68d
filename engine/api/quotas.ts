const OF_PODS = new Set([
  'cpu',
  'ephemeral-storage',
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'memory',
  'pods',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
])

/** What pods use up, and not the mere being there of objects. */
export function isPodResource(name: string): boolean {
  return OF_PODS.has(name) || name.startsWith('hugepages-') || /^requests\.(hugepages-|.+\/)/.test(name)
}
