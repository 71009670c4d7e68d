import { isObject, parseJson } from '../json.ts'

/** The profile as Debian's package golang-github-containers-common brings it: rules that depend on what the container may. */
export interface SeccompProfile {
  readonly defaultAction: string
  readonly defaultErrnoRet?: number
  readonly architectures?: readonly string[]
  readonly archMap: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] }[]
  readonly syscalls: readonly SeccompRule[]
}

interface SeccompRule {
  readonly names: readonly string[]
  readonly action: string
  readonly args: readonly unknown[]
  readonly errnoRet?: number
  readonly includes: Condition
  readonly excludes: Condition
}

interface Condition {
  readonly caps: readonly string[]
  readonly arches: readonly string[]
  readonly minKernel?: string
}

/** Go's name of the architecture, as in the profile's conditions, and libseccomp's. */
const ARCHITECTURES: ReadonlyMap<string, readonly [go: string, seccomp: string]> = new Map([
  ['x86_64', ['amd64', 'SCMP_ARCH_X86_64']],
  ['aarch64', ['arm64', 'SCMP_ARCH_AARCH64']],
  ['armv7l', ['arm', 'SCMP_ARCH_ARM']],
  ['ppc64le', ['ppc64le', 'SCMP_ARCH_PPC64LE']],
  ['riscv64', ['riscv64', 'SCMP_ARCH_RISCV64']],
  ['s390x', ['s390x', 'SCMP_ARCH_S390X']],
])

export interface Machine {
  /** As `uname -m` says. */
  readonly machine: string
  /** As `uname -r` says. */
  readonly kernel: string
}

export function parseSeccompProfile(text: string): SeccompProfile | undefined {
  const value = parseJson(text)
  if (!isObject(value) || typeof value['defaultAction'] !== 'string' || !Array.isArray(value['syscalls'])) {
    return undefined
  }
  return {
    defaultAction: value['defaultAction'],
    ...(typeof value['defaultErrnoRet'] === 'number' ? { defaultErrnoRet: value['defaultErrnoRet'] } : {}),
    ...(Array.isArray(value['architectures']) ? { architectures: texts(value['architectures']) } : {}),
    archMap: list(value['archMap']).filter(isObject).map(parseArchitecture),
    syscalls: list(value['syscalls']).filter(isObject).map(parseRule),
  }
}

function parseArchitecture(item: Readonly<Record<string, unknown>>): SeccompProfile['archMap'][number] {
  return { architecture: String(item['architecture']), subArchitectures: texts(item['subArchitectures']) }
}

function parseRule(item: Readonly<Record<string, unknown>>): SeccompRule {
  return {
    names: 'name' in item ? [String(item['name'])] : texts(item['names']),
    action: String(item['action']),
    args: list(item['args']),
    ...(typeof item['errnoRet'] === 'number' ? { errnoRet: item['errnoRet'] } : {}),
    includes: parseCondition(item['includes']),
    excludes: parseCondition(item['excludes']),
  }
}

function parseCondition(value: unknown): Condition {
  if (!isObject(value)) return { caps: [], arches: [] }
  const { minKernel } = value
  return {
    caps: texts(value['caps']),
    arches: texts(value['arches']),
    ...(typeof minKernel === 'string' ? { minKernel } : {}),
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((item) => typeof item === 'string')
}

const NAMESPACE_CALLS = ['clone', 'clone3', 'unshare']
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of <linux/sched.h>. */
const NEW_NAMESPACES = 0x7e_02_00_00
const [EPERM, ENOSYS] = [1, 38]

/**
 * As containerd's and CRI-O's defaults: without CAP_SYS_ADMIN no new namespaces, for a user namespace opens much of the
 * kernel to whoever makes one. The profile is podman's, whose containers nest. What `clone3` is asked for cannot be
 * looked at from here; a C library that is told that there is no such call asks `clone` instead.
 */
export function withoutNewNamespaces(profile: SeccompProfile): SeccompProfile {
  const always = { caps: [], arches: [] }
  const admin = { caps: ['CAP_SYS_ADMIN'], arches: [] }
  const sameNamespaces = (index: number) => [
    { index, value: NEW_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
  ]
  const others = profile.syscalls.map((rule) => ({
    ...rule,
    names: rule.names.filter((name) => !NAMESPACE_CALLS.includes(name)),
  }))
  const refused = { action: 'SCMP_ACT_ERRNO', args: [], includes: always, excludes: admin }
  const plain = { names: ['clone'], action: 'SCMP_ACT_ALLOW' }
  const syscalls = [
    ...others.filter(({ names }) => names.length > 0),
    { names: NAMESPACE_CALLS, action: 'SCMP_ACT_ALLOW', args: [], includes: admin, excludes: always },
    { ...refused, names: ['unshare'], errnoRet: EPERM },
    { ...refused, names: ['clone3'], errnoRet: ENOSYS },
    { ...plain, args: sameNamespaces(0), includes: always, excludes: { ...admin, arches: ['s390x'] } },
    { ...plain, args: sameNamespaces(1), includes: { caps: [], arches: ['s390x'] }, excludes: admin },
  ]
  return { ...profile, syscalls }
}

/** `linux.seccomp` of the OCI runtime specification, for one set of capabilities on one machine. */
export function linuxSeccomp(profile: SeccompProfile, capabilities: readonly string[], on: Machine): unknown {
  const [go = '', native = ''] = ARCHITECTURES.get(on.machine) ?? []
  const caps = new Set(capabilities)
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: profile.architectures ?? architecturesFor(profile, native),
    syscalls: profile.syscalls
      .filter((rule) => applies(rule, caps, go, on.kernel))
      .map(({ names, action, args, errnoRet }) => ({
        names,
        action,
        ...(args.length === 0 ? {} : { args }),
        ...(errnoRet === undefined ? {} : { errnoRet }),
      })),
  }
}

/**
 * An ABI that no kernel in use offers any more; a program of it is ended either way. The rules for it alone take the
 * runtime 10 ms of each container's start, more than those of the other two together.
 */
const DEAD = 'SCMP_ARCH_X32'

function architecturesFor(profile: SeccompProfile, native: string): readonly string[] {
  const entry = profile.archMap.find(({ architecture }) => architecture === native)
  const all = entry === undefined ? [native] : [entry.architecture, ...entry.subArchitectures]
  return all.filter((architecture) => architecture !== DEAD)
}

function applies(rule: SeccompRule, caps: ReadonlySet<string>, arch: string, kernel: string): boolean {
  const { includes, excludes } = rule
  if (includes.caps.some((name) => !caps.has(name))) return false
  if (excludes.caps.some((name) => caps.has(name))) return false
  if (includes.arches.length > 0 && !includes.arches.includes(arch)) return false
  if (excludes.arches.includes(arch)) return false
  if (includes.minKernel !== undefined && !isAtLeast(kernel, includes.minKernel)) return false
  return excludes.minKernel === undefined || !isAtLeast(kernel, excludes.minKernel)
}

function isAtLeast(kernel: string, wanted: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10))
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map((part) => Number.parseInt(part, 10))
  return major === wantedMajor ? minor >= wantedMinor : major > wantedMajor
}
