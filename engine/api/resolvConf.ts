import type { DnsConfig } from './cri.ts'

/** What the C library reads; the rest of a longer list is cut off, as the kubelet does. */
const NAMESERVERS_MAX = 3
/** As many as Kubernetes lets a pod have. */
const SEARCHES_MAX = 32

/** https://man7.org/linux/man-pages/man5/resolv.conf.5.html */
export function resolvConfText(config: DnsConfig): string {
  const options = config.options.map(({ name, value }) => (value === undefined ? name : `${name}:${value}`))
  const lines = [
    ...config.nameservers.slice(0, NAMESERVERS_MAX).map((address) => `nameserver ${address}`),
    ...(config.searches.length > 0 ? [`search ${config.searches.slice(0, SEARCHES_MAX).join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

export function parseResolvConf(text: string): DnsConfig {
  const nameservers: string[] = []
  const options: { name: string; value?: string }[] = []
  let searches: readonly string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/)
    // The last search line is the one that counts; nameserver and options lines add up.
    if (keyword === 'nameserver') nameservers.push(...words.slice(0, 1))
    else if (keyword === 'search' || keyword === 'domain') searches = words
    else if (keyword === 'options') options.push(...words.map(parseOption))
  }
  return { nameservers, searches, options }
}

/** A pod's dnsConfig on top of what its dnsPolicy gives: lists are joined without doubles, an option of the same name wins. */
export function mergeDns(base: DnsConfig, additions: DnsConfig): DnsConfig {
  const options = new Map(base.options.map((option) => [option.name, option]))
  for (const option of additions.options) options.set(option.name, option)
  return {
    nameservers: [...new Set([...base.nameservers, ...additions.nameservers])],
    searches: [...new Set([...base.searches, ...additions.searches])],
    options: [...options.values()],
  }
}

/** What a pod is given whose names are the cluster's first: the node's search list comes after, and nothing else of the node's counts. */
export function clusterFirst(cluster: DnsConfig, node: DnsConfig): DnsConfig {
  const searches = [...cluster.searches, ...node.searches.filter((domain) => domain !== '.')]
  return { ...cluster, searches: [...new Set(searches)] }
}

function parseOption(word: string): { name: string; value?: string } {
  const colon = word.indexOf(':')
  return colon < 0 ? { name: word } : { name: word.slice(0, colon), value: word.slice(colon + 1) }
}
