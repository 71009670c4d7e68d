import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'

/** Program to Debian package; in the order they are told. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ['conmon', 'conmon'],
  ['skopeo', 'skopeo'],
  ['nft', 'nftables'],
  ['ip', 'iproute2'],
  ['unshare', 'util-linux'],
  ['flock', 'util-linux'],
  ['setpriv', 'util-linux'],
  ['mount', 'mount'],
  ['umount', 'mount'],
  ['tar', 'tar'],
  ['zstd', 'zstd'],
  ['find', 'findutils'],
  ['setfattr', 'attr'],
  ['getfattr', 'attr'],
])

/** The faster first. */
export const RUNTIMES = ['crun', 'runc'] as const
export type RuntimeName = (typeof RUNTIMES)[number]

const PLUGINS = ['bridge', 'host-local', 'portmap']
const PLUGIN_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni']
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const SECCOMP_PROFILE = '/usr/share/containers/seccomp.json'

export interface Programs {
  readonly conmon: string
  readonly nft: string
  readonly plugins: string
  readonly seccompProfile: string
  /** Installed ones, the faster first; which of them works here is found by trying. */
  readonly runtimes: readonly { readonly name: RuntimeName; readonly path: string }[]
}

/** Rejects with everything that is missing at once, and the line that installs it. */
export async function findPrograms(transport: Transport): Promise<Programs> {
  const paths = await Promise.all(
    [...PACKAGES.keys()].map(async (name) => await find(transport, FOLDERS, name)),
  )
  const found = new Map([...PACKAGES.keys()].map((name, index) => [name, paths[index]]))
  const plugins = await pluginFolder(transport)
  const runtimes = await installedRuntimes(transport)
  const profile = await transport.stat(SECCOMP_PROFILE)
  const missing = [
    ...[...PACKAGES].filter(([name]) => found.get(name) === undefined),
    ...(plugins === undefined ? [['CNI plugins', 'containernetworking-plugins'] as const] : []),
    ...(runtimes.length === 0 ? [['crun or runc', 'runc'] as const] : []),
    ...(profile === undefined ? [[SECCOMP_PROFILE, 'golang-github-containers-common'] as const] : []),
  ]
  if (missing.length > 0) throw missingPrograms(missing)
  return {
    conmon: found.get('conmon') ?? 'conmon',
    nft: found.get('nft') ?? 'nft',
    plugins: plugins ?? '',
    seccompProfile: SECCOMP_PROFILE,
    runtimes,
  }
}

export function missingPrograms(
  missing: readonly (readonly [name: string, debianPackage: string])[],
): RuntimeFailure {
  const names = missing.map(([name]) => name).join(', ')
  const packages = [...new Set(missing.map(([, debianPackage]) => debianPackage))].join(' ')
  return new RuntimeFailure(
    'MissingPrograms',
    `missing on this node: ${names}; on Debian: apt-get install ${packages}`,
    {
      certain: true,
    },
  )
}

async function installedRuntimes(transport: Transport): Promise<Programs['runtimes']> {
  const found = await Promise.all(
    RUNTIMES.map(async (name) => ({ name, path: await find(transport, FOLDERS, name) })),
  )
  return found.flatMap(({ name, path }) => (path === undefined ? [] : [{ name, path }]))
}

async function pluginFolder(transport: Transport): Promise<string | undefined> {
  for (const folder of PLUGIN_FOLDERS) {
    const all = await Promise.all(PLUGINS.map(async (name) => await transport.stat(`${folder}/${name}`)))
    if (all.every((status) => status !== undefined)) return folder
  }
  return undefined
}

export async function findProgram(transport: Transport, name: string): Promise<string | undefined> {
  return await find(transport, FOLDERS, name)
}

async function find(
  transport: Transport,
  folders: readonly string[],
  name: string,
): Promise<string | undefined> {
  for (const folder of folders) {
    const path = `${folder}/${name}`
    const status = await transport.stat(path)
    if (status?.kind === 'file' && (status.mode & 0o111) !== 0) return path
  }
  return undefined
}
