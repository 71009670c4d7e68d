import type { Transport } from '../../../transport/transport.ts'
import type { SpecParts } from '../spec/spec.ts'
import { ociSpec } from '../spec/spec.ts'

/** A container that sees nothing but the host's programs, read-only, and may do nothing: for the trial and for pauses. */
export interface HostBundle {
  readonly directory: string
  readonly args: readonly string[]
  readonly cgroup: string
  readonly namespaces: {
    readonly net: string | undefined
    readonly ipc: string | undefined
    readonly uts: string | undefined
  }
  readonly cgroupNamespace: boolean
  readonly seccomp: unknown
  /** Absent: the node's users. */
  readonly userNamespace?: SpecParts['userNamespace'] | undefined
}

export const PROGRAM_FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/lib32']

export async function writeHostBundle(transport: Transport, bundle: HostBundle): Promise<void> {
  const statuses = await Promise.all(PROGRAM_FOLDERS.map(async (path) => await transport.stat(path)))
  const folders = PROGRAM_FOLDERS.filter((_, index) => statuses[index]?.kind === 'directory')
  // Made here: who is root in a pod with users of its own may make none in a folder of the node's.
  await transport.writeTree(bundle.directory, [
    ...['rootfs', ...['/proc', '/dev', ...folders].map((path) => `rootfs${path}`)].map(
      (path) => ({ path, mode: 0o755, what: { kind: 'directory' } }) as const,
    ),
  ])
  const config = JSON.stringify(hostSpec(bundle, folders))
  await transport.writeTree(bundle.directory, [
    { path: 'config.json', mode: 0o600, what: { kind: 'file', content: config } },
  ])
}

function hostSpec(bundle: HostBundle, folders: readonly string[]): unknown {
  const guarded = ['nosuid', 'noexec', 'nodev']
  return ociSpec(
    {
      mounts: [],
      resources: { cpuShares: 2 },
      security: {
        runAsNonRoot: false,
        supplementalGroups: [],
        addCapabilities: [],
        dropCapabilities: [],
        privileged: false,
        readOnlyRootFilesystem: false,
        allowPrivilegeEscalation: false,
        seccomp: 'RuntimeDefault',
        procMount: 'Default',
      },
    },
    {
      rootfs: 'rootfs',
      cgroup: bundle.cgroup,
      namespaces: { ...bundle.namespaces, pid: 'own', cgroup: bundle.cgroupNamespace },
      hostname: undefined,
      args: bundle.args,
      env: ['PATH=/usr/bin:/bin'],
      cwd: '/',
      user: { uid: 0, gid: 0, additionalGids: [] },
      capabilities: [],
      seccomp: bundle.seccomp,
      ...(bundle.userNamespace === undefined ? {} : { userNamespace: bundle.userNamespace }),
      devices: [],
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc', options: guarded },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
        ...folders.map((path) => ({
          destination: path,
          type: 'bind',
          source: path,
          options: ['rbind', 'rprivate', 'ro'],
        })),
      ],
    },
  )
}
