import type { ContainerSecurity } from '../../../api/cri.ts'

/** What containerd gives a container that asks for nothing. */
export const DEFAULT_CAPABILITIES = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
]

/** By their numbers in <linux/capability.h>. */
const ALL = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...[
    'LINUX_IMMUTABLE',
    'NET_BIND_SERVICE',
    'NET_BROADCAST',
    'NET_ADMIN',
    'NET_RAW',
    'IPC_LOCK',
    'IPC_OWNER',
  ],
  ...[
    'SYS_MODULE',
    'SYS_RAWIO',
    'SYS_CHROOT',
    'SYS_PTRACE',
    'SYS_PACCT',
    'SYS_ADMIN',
    'SYS_BOOT',
    'SYS_NICE',
  ],
  ...[
    'SYS_RESOURCE',
    'SYS_TIME',
    'SYS_TTY_CONFIG',
    'MKNOD',
    'LEASE',
    'AUDIT_WRITE',
    'AUDIT_CONTROL',
    'SETFCAP',
  ],
  ...['MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF'],
  'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`)

/** From the bounding set in /proc/self/status: nobody can be given more than the engine has itself. */
export function parseBoundingSet(processStatus: string): ReadonlySet<string> {
  const hex = /^CapBnd:\s*([0-9a-f]+)$/m.exec(processStatus)?.[1]
  if (hex === undefined) return new Set(ALL)
  const bits = BigInt(`0x${hex}`)
  return new Set(ALL.filter((_, index) => ((bits >> BigInt(index)) & 1n) === 1n))
}

export function missingCapabilities(available: ReadonlySet<string>): readonly string[] {
  return ALL.filter((name) => !available.has(name))
}

export type Capabilities =
  | { readonly kind: 'capabilities'; readonly names: readonly string[] }
  /** Asked for by name, and not to be had on this node. */
  | { readonly kind: 'unavailable'; readonly names: readonly string[] }

type Wish = Pick<ContainerSecurity, 'addCapabilities' | 'dropCapabilities' | 'privileged'>

/** Kubernetes' order: ALL first, then what is added by name, then what is dropped by name. */
export function capabilitiesFor(wish: Wish, available: ReadonlySet<string>): Capabilities {
  if (wish.privileged) return { kind: 'capabilities', names: ALL.filter((name) => available.has(name)) }
  const added = wish.addCapabilities.map(fullName)
  const dropped = wish.dropCapabilities.map(fullName)
  const everything = added.includes('CAP_ALL')
  const nothing = dropped.includes('CAP_ALL')
  const base = everything ? ALL : nothing ? [] : DEFAULT_CAPABILITIES
  const named = added.filter((name) => name !== 'CAP_ALL')
  const missing = named.filter((name) => !available.has(name))
  if (missing.length > 0) return { kind: 'unavailable', names: missing.toSorted() }
  const wanted = new Set([...base, ...named])
  for (const name of dropped) wanted.delete(name)
  return { kind: 'capabilities', names: [...wanted].filter((name) => available.has(name)).toSorted() }
}

function fullName(name: string): string {
  const upper = name.toUpperCase()
  return upper.startsWith('CAP_') ? upper : `CAP_${upper}`
}
