import type { CreatePodRequest } from '../../../api/cri.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import type { ImageStore } from '../images/store.ts'
import { isObject, parseJson } from '../json.ts'
import { mountedBelow, readMountTable } from '../node/mountTable.ts'
import type { NetworkParts } from '../network/network.ts'
import type { NodeFacts } from '../node/prepareNode.ts'
import type { PodPaths, RootPaths } from '../paths.ts'

/** What a pod has beside its containers; written last, so its presence says that all of it is there. On tmpfs. */
export interface Sandbox {
  readonly bootId: string
  readonly ip?: string
  /** Of IPv6, beside the other one. */
  readonly ip6?: string
  /** The node's end of the pod's link, and the hardware address of the bridge that it hangs on. */
  readonly link?: PodLink
  /** What was mounted for it beside its pins. */
  readonly mounts?: readonly string[]
  readonly hostname: string
  readonly hostNetwork: boolean
  readonly hostIPC: boolean
  /** Volume to folder or file. */
  readonly volumes: Readonly<Record<string, string>>
  /** Volume to the version of its files. */
  readonly versions?: Readonly<Record<string, string>>
  /** Ids of the images that are mounted as volumes. */
  readonly images?: readonly string[]
  readonly sharedMemory: boolean
  /** Process 1 of the pod's own pid namespace, where its containers share one. */
  readonly pausePid?: number
  /** The node's number for the pod's root, where its users are its own. */
  readonly hostId?: number
  /** By container: the cpus that it has for itself, such as `2,3`. */
  readonly cpus?: Readonly<Record<string, string>>
}

/** One of each family that it has. */
export function addressesOf({ ip, ip6 }: Pick<Sandbox, 'ip' | 'ip6'>): readonly string[] {
  return [ip, ip6].filter((one) => one !== undefined)
}

export interface PodLink {
  readonly name: string
  readonly bridgeMac: string
}

export interface SandboxContext {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly facts: NodeFacts
  readonly network: NetworkParts
  readonly images: Pick<ImageStore, 'resolve'>
}

export function parseSandbox(text: string): Sandbox | undefined {
  const value = parseJson(text)
  return isObject(value) && typeof value['bootId'] === 'string' ? (value as unknown as Sandbox) : undefined
}

/** For `unshare`: the namespaces outlive it, and every process of ours. With the host's network a pod has its name, too. */
export function pinArguments(
  pod: Pick<PodPaths, 'pins'>,
  wish: Pick<CreatePodRequest, 'hostNetwork' | 'hostIPC' | 'userNamespace'>,
): readonly string[] {
  const { ipc, net, user, uts } = pod.pins
  return [
    ...(wish.userNamespace === true ? [`--user=${user}`] : []),
    ...(wish.hostNetwork ? [] : [`--net=${net}`, `--uts=${uts}`]),
    ...(wish.hostIPC ? [] : [`--ipc=${ipc}`]),
  ]
}

export function unmountCommand(paths: readonly string[]): Command {
  return { argv: ['umount', '--lazy', ...paths] }
}

export function neededPins(
  pod: PodPaths,
  sandbox: Pick<Sandbox, 'hostNetwork' | 'hostIPC' | 'hostId'>,
): readonly string[] {
  const { ipc, net, user, uts } = pod.pins
  const users = sandbox.hostId === undefined ? [] : [user]
  return [...users, ...(sandbox.hostNetwork ? [] : [net, uts]), ...(sandbox.hostIPC ? [] : [ipc])]
}

export async function mountsOf(
  transport: Transport,
  ...paths: readonly string[]
): Promise<readonly string[]> {
  const table = await readMountTable(transport)
  return paths.flatMap((path) => mountedBelow(table, path))
}
