import type { ContainerSecurity, SeLinuxLabel, StartContainerRequest } from '../../../api/cri.ts'
import type { NodeFeatures } from '../node/features.ts'
import type { Sandbox } from '../pods/sandbox.ts'
import type { SpecParts } from '../spec/spec.ts'
import { USERS } from '../pods/users.ts'

type Confinement = Pick<
  SpecParts,
  'userNamespace' | 'oomScoreAdj' | 'disk' | 'cpus' | 'appArmorProfile' | 'seLinux'
>

/** What the node can do of what is asked beyond every container's needs; a text says why it may not run without. */
export function confinementOf(
  request: Pick<StartContainerRequest, 'container' | 'security' | 'resources'>,
  features: NodeFeatures,
  sandbox: Pick<Sandbox, 'hostId' | 'cpus'>,
  userPin: string,
): Confinement | string {
  const { resources, security } = request
  const appArmor = appArmorOf(security, features)
  if (appArmor?.kind === 'refused') return appArmor.message
  const { oomScoreAdj } = resources
  const { hostId } = sandbox
  const cpus = sandbox.cpus?.[request.container]
  return {
    ...(oomScoreAdj !== undefined && { oomScoreAdj: Math.max(oomScoreAdj, features.oomScoreAdjMin) }),
    ...(features.disk !== undefined && { disk: features.disk }),
    ...(cpus !== undefined && { cpus }),
    ...(hostId !== undefined && { userNamespace: { path: userPin, hostId, size: USERS } }),
    ...(appArmor !== undefined && { appArmorProfile: appArmor.name }),
    ...(features.seLinux && !security.privileged && { seLinux: labelsOf(security.seLinux) }),
  }
}

type AppArmor =
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'refused'; readonly message: string }

/** Undefined: none, as for privileged containers in Kubernetes. */
function appArmorOf(
  { appArmor, privileged }: ContainerSecurity,
  features: NodeFeatures,
): AppArmor | undefined {
  if (appArmor === undefined || appArmor === 'Unconfined' || privileged) return undefined
  if (appArmor !== 'RuntimeDefault') {
    if (features.appArmor) return { kind: 'profile', name: appArmor.localhostProfile }
    return { kind: 'refused', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' }
  }
  // As container runtimes do it: where the kernel knows no AppArmor, its default profile confines nothing.
  if (!features.appArmor) return undefined
  const name = features.appArmorDefault
  if (name !== undefined) return { kind: 'profile', name }
  const message =
    'no default AppArmor profile is loaded on this node, such as containers-default or docker-default'
  return { kind: 'refused', message }
}

/** https://github.com/containers/container-selinux: what every engine gives a container that asks for nothing. */
function labelsOf(label: SeLinuxLabel = {}): { readonly process: string; readonly mount: string } {
  const { level = 's0', role = 'system_r', type = 'container_t', user = 'system_u' } = label
  return {
    process: `${user}:${role}:${type}:${level}`,
    mount: `system_u:object_r:container_file_t:${level}`,
  }
}
