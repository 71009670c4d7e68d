import type { ContainerSecurity } from '../../api/cri.ts'
import type {
  AppArmorProfile,
  Container,
  PodSpec,
  SeccompProfile,
  SELinuxOptions,
} from '../../api/generated/types.ts'
import type { ConfigProblem } from '../context.ts'
import { configError } from './environment.ts'

/** The container's word, then the pod's, then the default. */
export function securityOf(container: Container, spec: PodSpec): ContainerSecurity | ConfigProblem {
  const own = container.securityContext ?? {}
  const ofPod = spec.securityContext ?? {}
  const runAsUser = own.runAsUser ?? ofPod.runAsUser
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup
  const runAsNonRoot = own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false
  if (runAsNonRoot && runAsUser === 0) return configError("container's runAsUser breaks non-root policy")
  const privileged = own.privileged ?? false
  return {
    ...(runAsUser !== undefined && { runAsUser }),
    ...(runAsGroup !== undefined && { runAsGroup }),
    runAsNonRoot,
    supplementalGroups: groups(spec),
    ...(ofPod.supplementalGroupsPolicy === 'Strict' && { strictGroups: true }),
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    privileged,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    allowPrivilegeEscalation: own.allowPrivilegeEscalation ?? true,
    seccomp: privileged ? 'Unconfined' : seccomp(own.seccompProfile ?? ofPod.seccompProfile),
    procMount: own.procMount ?? 'Default',
    ...appArmor(own.appArmorProfile ?? ofPod.appArmorProfile),
    ...seLinux(own.seLinuxOptions ?? ofPod.seLinuxOptions),
  }
}

/** The group of the volumes is one of every process's groups. */
function groups(spec: PodSpec): readonly number[] {
  const { fsGroup, supplementalGroups = [] } = spec.securityContext ?? {}
  return [...new Set(fsGroup === undefined ? supplementalGroups : [...supplementalGroups, fsGroup])]
}

function appArmor(profile: AppArmorProfile | undefined): Pick<ContainerSecurity, 'appArmor'> {
  if (profile === undefined) return {}
  const { localhostProfile = '', type } = profile
  return { appArmor: type === 'Localhost' ? { localhostProfile } : type }
}

function seLinux(options: SELinuxOptions | undefined): Pick<ContainerSecurity, 'seLinux'> {
  return options === undefined ? {} : { seLinux: options }
}

function seccomp(profile: SeccompProfile | undefined): ContainerSecurity['seccomp'] {
  const type = profile?.type ?? 'RuntimeDefault'
  switch (type) {
    case 'Localhost':
      return { localhostProfile: profile?.localhostProfile ?? '' }
    case 'Unconfined':
    case 'RuntimeDefault':
      return type
    default:
      return type satisfies never
  }
}
