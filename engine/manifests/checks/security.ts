import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { descendingPath } from './paths.ts'
import { checkSysctls } from './sysctls.ts'

/** uids and gids of Linux that Kubernetes takes. */
const ID_MAX = 2 ** 31 - 1

export function checkPodSecurity(
  context: CheckContext,
  path: Path,
  security: PodSecurityContext,
  spec: PodSpec,
): void {
  checkId(context, [...path, 'runAsUser'], security.runAsUser)
  checkId(context, [...path, 'runAsGroup'], security.runAsGroup)
  checkId(context, [...path, 'fsGroup'], security.fsGroup)
  for (const [index, group] of (security.supplementalGroups ?? []).entries()) {
    checkId(context, [...path, 'supplementalGroups', index], group)
  }
  checkSeccomp(context, path, security.seccompProfile)
  checkAppArmor(context, path, security.appArmorProfile)
  checkSysctls(context, [...path, 'sysctls'], security.sysctls, spec)
  checkNonRoot(context, path, security)
}

export function checkContainerSecurity(
  context: CheckContext,
  path: Path,
  security: SecurityContext,
  pod: { readonly hostUsers: boolean },
): void {
  checkId(context, [...path, 'runAsUser'], security.runAsUser)
  checkId(context, [...path, 'runAsGroup'], security.runAsGroup)
  checkSeccomp(context, path, security.seccompProfile)
  checkAppArmor(context, path, security.appArmorProfile)
  checkNonRoot(context, path, security)
  if (security.procMount === 'Unmasked' && pod.hostUsers)
    context.error([...path, 'procMount'], 'Unmasked requires hostUsers: false')
  if (security.allowPrivilegeEscalation !== false) return
  const at = [...path, 'allowPrivilegeEscalation']
  if (security.privileged === true) context.error(at, 'cannot be false when privileged is true')
  // Kubernetes compares with this spelling only and lets SYS_ADMIN pass.
  if (security.capabilities?.add?.includes('CAP_SYS_ADMIN') === true) {
    context.error(at, 'cannot be false when CAP_SYS_ADMIN is added')
  }
}

function checkId(context: CheckContext, path: Path, id: number | undefined): void {
  if (id !== undefined && (id < 0 || id > ID_MAX))
    context.error(path, `must be between 0 and ${ID_MAX}, not ${id}`)
}

/** Kubernetes finds this out when the container is to start, and never starts it. */
function checkNonRoot(
  context: CheckContext,
  path: Path,
  security: { readonly runAsNonRoot?: boolean; readonly runAsUser?: number },
): void {
  if (security.runAsNonRoot === true && security.runAsUser === 0) {
    context.warn([...path, 'runAsUser'], 'is root although runAsNonRoot is true, so no container will start')
  }
}

function checkSeccomp(context: CheckContext, path: Path, profile: SeccompProfile | undefined): void {
  if (profile === undefined) return
  const at = [...path, 'seccompProfile', 'localhostProfile']
  if (profile.type !== 'Localhost') {
    if (profile.localhostProfile !== undefined)
      context.error(at, `may not be set when type is ${profile.type}`)
    return
  }
  if (!profile.localhostProfile) return context.error(at, 'must be set when type is Localhost')
  const rule = descendingPath(profile.localhostProfile)
  if (rule !== undefined) context.error(at, rule)
}

/** The name of a profile that is loaded on the node. */
const APPARMOR_NAME_MAX = 4095

function checkAppArmor(context: CheckContext, path: Path, profile: AppArmorProfile | undefined): void {
  if (profile === undefined) return
  const at = [...path, 'appArmorProfile', 'localhostProfile']
  const { localhostProfile: name, type } = profile
  if (type !== 'Localhost') {
    if (name !== undefined) context.error(at, `may not be set when type is ${type}`)
    return
  }
  if (!name?.trim()) return context.error(at, 'must be set when type is Localhost')
  if (name !== name.trim()) context.error(at, 'must not start or end with white space')
  if (name.length > APPARMOR_NAME_MAX)
    context.error(at, `must be no more than ${APPARMOR_NAME_MAX} characters`)
}
