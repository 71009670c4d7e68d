import type { CreatePodRequest, HostAlias } from '../../../api/cri.ts'
import { clusterFirst, mergeDns, parseResolvConf, resolvConfText } from '../../../api/resolvConf.ts'
import type { Transport, TreeEntry } from '../../../transport/transport.ts'
import { readText } from '../node/node.ts'
import { addressesOf, type Sandbox } from './sandbox.ts'

type Wish = Pick<
  CreatePodRequest,
  'hostname' | 'hostsNames' | 'hostNetwork' | 'hostAliases' | 'resolvConf' | 'dnsAdditions' | 'clusterDns'
>

type PodAddresses = Pick<Sandbox, 'ip' | 'ip6'>

/** /etc/hosts, /etc/hostname and /etc/resolv.conf of a pod. */
export async function etcFiles(
  transport: Transport,
  wish: Wish,
  addresses: PodAddresses | undefined,
): Promise<readonly TreeEntry[]> {
  const hosts = wish.hostNetwork
    ? withAliases(await readText(transport, '/etc/hosts'), wish.hostAliases)
    : hostsFile(wish, addresses)
  const resolvConf = wish.resolvConf ?? resolvConfOf(wish, await nodeResolvConf(transport))
  return [file('hosts', hosts), file('hostname', `${wish.hostname}\n`), file('resolv.conf', resolvConf)]
}

function file(path: string, content: string): TreeEntry {
  return { path, mode: 0o644, what: { kind: 'file', content } }
}

export function hostsFile(
  wish: Pick<Wish, 'hostname' | 'hostsNames' | 'hostAliases'>,
  addresses: PodAddresses = {},
): string {
  const names = (wish.hostsNames ?? [wish.hostname]).join('\t')
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...addressesOf(addresses).map((address) => `${address}\t${names}`),
  ]
  return withAliases(`${lines.join('\n')}\n`, wish.hostAliases)
}

function withAliases(hosts: string, aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return hosts
  const lines = aliases.map(({ hostnames, ip }) => `${ip}\t${hostnames.join('\t')}`)
  return `${hosts}\n# Entries added by HostAliases.\n${lines.join('\n')}\n`
}

function resolvConfOf({ clusterDns, dnsAdditions }: Wish, own: string): string {
  if (clusterDns === undefined && dnsAdditions === undefined) return own
  const node = parseResolvConf(own)
  const base = clusterDns === undefined ? node : clusterFirst(clusterDns, node)
  return resolvConfText(dnsAdditions === undefined ? base : mergeDns(base, dnsAdditions))
}

const STUB_FREE = '/run/systemd/resolve/resolv.conf'

/** systemd-resolved's stub listens on the node's loopback, which a pod does not reach: then the servers behind it. */
async function nodeResolvConf(transport: Transport): Promise<string> {
  const own = await readText(transport, '/etc/resolv.conf')
  const servers = [...own.matchAll(/^nameserver\s+(\S+)/gm)].map(([, server]) => server ?? '')
  const loopbackOnly = servers.length > 0 && servers.every((server) => /^(127\.|::1$)/.test(server))
  if (!loopbackOnly) return own
  return (await readText(transport, STUB_FREE)) || own
}
