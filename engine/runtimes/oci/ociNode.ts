import type { NodeName, PodUid } from '../../api/names.ts'
import type { Transport } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'
import { createDns, type Dns } from './dns/dns.ts'
import type { ImageStore } from './images/store.ts'
import { createImageStore } from './images/store.ts'
import { createIngress, type IngressProxy } from './ingress/ingress.ts'
import { masquerade, prepareNetwork } from './network/masquerade.ts'
import type { NetworkParts } from './network/network.ts'
import { seal } from './network/wireguard/wireguard.ts'
import { createOtherNodes, type OtherNodes } from './network/nodes/nodes.ts'
import { createServices, type Services } from './network/services.ts'
import type { NodeLook } from './node/node.ts'
import { lookAtNode } from './node/node.ts'
import type { NodeFacts } from './node/prepareNode.ts'
import { prepareNode } from './node/prepareNode.ts'
import { readRoot } from './node/root.ts'
import { once } from './once.ts'
import type { RootPaths } from './paths.ts'
import { rootPaths } from './paths.ts'
import type { SandboxContext } from './pods/sandbox.ts'
import type { OciProgram } from './runtimeCommands.ts'

export interface OciRuntimeOptions {
  readonly transport: Transport
  /** The cluster's folder on the node. Its root.json, with the pods' range, is there before the first pod is made. */
  readonly root: string
  readonly node: NodeName
  /** From the Cluster: registry host to URLs that are asked before it. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>
  /** For skopeo, beside PATH: HOME and XDG_RUNTIME_DIR (the usual auth files), proxies, SSL_CERT_FILE. */
  readonly environment?: Readonly<Record<string, string>>
  /** On a tmpfs; /run/reconcile/<root id> when absent. */
  readonly runDir?: string
  /** Another source of images: for tests. */
  readonly images?: ImageStore
}

/** What the verbs share. The node is made ready once, by the first verb that acts on it; who only looks makes nothing. */
export interface OciNode {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly images: ImageStore
  readonly look: () => Promise<NodeLook>
  readonly facts: () => Promise<NodeFacts>
  /** Of the containers that run: chosen before the first of them was made. */
  readonly program: () => Promise<OciProgram>
  readonly context: () => Promise<SandboxContext>
  /** What pods send leaves the node with its address, and in the clear only where it may: before anything runs in the first of them. */
  readonly masqueraded: () => Promise<void>
  /** The server that pods ask. */
  readonly dns: Dns
  /** What leads requests to pods. */
  readonly ingress: IngressProxy
  /** What leads Services' addresses and ports to pods. */
  readonly services: Services
  /** What leads to the pods of other nodes. */
  readonly otherNodes: OtherNodes
  /** Of whatever runs containers here beside the OCI runtime itself: none of this pod's is left when it resolves. */
  readonly endContainers?: (uid: PodUid, signal?: AbortSignal) => Promise<void>
}

export async function ociNode(options: OciRuntimeOptions): Promise<OciNode> {
  const { transport } = options
  const paths = await rootPaths(transport, options.root, options.runDir)
  const look = once(async () => await lookAtNode(transport, paths, options.node))
  const facts = once(async () => await prepareNode(transport, paths, await look()))
  const images = options.images ?? createImageStore({ ...options, root: paths.root, runDir: paths.runDir })
  const network = once(async () => await networkParts(transport, paths, await facts()))
  const otherNodes = createOtherNodes({ transport, paths, facts })
  const parts = async (): Promise<NetworkParts> => {
    const mtuBytes = await otherNodes.mtuBytes()
    return { ...(await network()), ...(mtuBytes !== undefined && { mtuBytes }) }
  }
  const node = {
    transport,
    paths,
    look,
    facts,
    program: async () => (await look()).program ?? (await facts()).program,
    images,
    context: async () => ({ transport, paths, images, facts: await facts(), network: await parts() }),
    masqueraded: once(async () => {
      const [{ nft }, ranges] = [await facts(), await network()]
      if (ranges.sealed !== undefined) await seal({ transport, paths }, nft, ranges.sealed)
      await masquerade(transport, nft, paths, ranges)
    }),
    otherNodes,
  }
  const own = { ...node, ingress: createIngress(node) }
  return { ...own, dns: createDns(own), services: createServices(own) }
}

async function networkParts(transport: Transport, paths: RootPaths, facts: NodeFacts): Promise<NetworkParts> {
  const root = await readRoot(transport, paths.root)
  if (root === undefined) {
    throw new RuntimeFailure(
      'InvalidRoot',
      `${paths.rootFile} is missing: the range of the pods' addresses is not known`,
    )
  }
  await prepareNetwork(transport, facts.nft, paths, root.podCIDR)
  const { clusterCIDR, encryption, podCIDR } = root
  return {
    plugins: facts.plugins,
    podCIDR,
    ...(clusterCIDR !== undefined && { clusterCIDR }),
    ...(clusterCIDR !== undefined && encryption !== undefined && { sealed: clusterCIDR }),
    paths,
  }
}
