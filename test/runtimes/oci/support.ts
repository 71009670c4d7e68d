import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CreatePodRequest, StartContainerRequest } from '../../../engine/api/cri.ts'
import { nodeName, podUid, uidHash } from '../../../engine/api/names.ts'
import type { PodUid } from '../../../engine/api/names.ts'
import { RECORD_VERSION } from '../../../engine/api/records.ts'
import type { PodRecord } from '../../../engine/api/records.ts'
import type { ObservedContainer } from '../../../engine/api/snapshot.ts'
import type { ImageConfig, ImageStore } from '../../../engine/runtimes/oci/images/store.ts'
import { removeRoot } from '../../../engine/runtimes/oci/node/removeRoot.ts'
import { writeRoot } from '../../../engine/runtimes/oci/node/root.ts'
import { createOciRuntime } from '../../../engine/runtimes/oci/runtime.ts'
import { dockerCommand } from '../../../engine/runtimes/docker/commands.ts'
import { createDockerRuntime } from '../../../engine/runtimes/docker/runtime.ts'
import { podmanCommand } from '../../../engine/runtimes/podman/commands.ts'
import { podmanPlace } from '../../../engine/runtimes/podman/place.ts'
import { createPodmanRuntime } from '../../../engine/runtimes/podman/runtime.ts'
import { rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import type { PodListing, Runtime } from '../../../engine/runtimes/runtime.ts'
import { localTransport } from '../../../engine/transport/local.ts'
import { disposedAfterTest } from '../../support/cutOff.ts'
import { Dockerd, hostIn } from '../../support/dockerd.ts'
import { rootIdOf } from '../../support/machine.ts'
import { type OwnRanges, ownRanges } from '../../support/ranges.ts'

export const NODE = nodeName('here')
export const IMAGE = 'sha256:b0'

const CONFIG: ImageConfig = {
  entrypoint: [],
  cmd: ['sh'],
  env: [],
  workingDir: '',
  user: '',
  stopSignal: '',
  volumes: [],
}

export type Kind = 'oci' | 'podman' | 'docker'

/** A root in a temporary folder with one image, made from the machine's own busybox. */
export class TestNode implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'reconcile-oci-'))
  readonly root = join(this.folder, 'root')
  readonly transport = localTransport()
  readonly podCIDR: string
  #disposed = false
  readonly #image: Partial<ImageConfig>
  readonly #kind: Kind
  /** Of the image that its containers have. */
  image = IMAGE
  #runtime: Runtime | undefined
  /** Of a docker node: its own daemon. */
  dockerd: Dockerd | undefined
  #pods = 0

  private constructor(image: Partial<ImageConfig>, ranges: OwnRanges, kind: Kind) {
    this.podCIDR = ranges.podCIDR
    this.#image = image
    this.#kind = kind
    disposedAfterTest(this)
  }

  static async create(image: Partial<ImageConfig> = {}, kind: Kind = 'oci'): Promise<TestNode> {
    const node = new TestNode(image, await ownRanges(), kind)
    const { podCIDR } = node
    writeLayer(join(node.folder, 'layer'))
    const owner = { cluster: 'test', path: '', repository: node.folder }
    const rootId = rootIdOf(node.root)
    await writeRoot(node.transport, node.root, { recordVersion: RECORD_VERSION, rootId, owner, podCIDR })
    if (kind === 'docker') node.dockerd = await Dockerd.create(join(node.folder, 'docker'))
    node.#runtime = await node.another()
    if (kind !== 'oci')
      node.image = await importImage(node.runtime, node.folder, { ...CONFIG, ...image }, kind)
    return node
  }

  get runtime(): Runtime {
    if (this.#runtime === undefined) throw new Error('not created')
    return this.#runtime
  }

  async rootId(): Promise<string> {
    return rootIdOf(this.root)
  }

  /** As after a restart of the engine: it knows nothing but what is on the node. */
  async another(): Promise<Runtime> {
    return await runtimeAt(this.folder, this.#image, this.#kind)
  }

  newUid(): PodUid {
    this.#pods += 1
    return podUid(uidHash(this.folder, String(this.#pods)))
  }

  /** Makes a pod with one running container and resolves to its uid. */
  async start(
    command: readonly string[],
    container: Partial<StartContainerRequest> = {},
    pod: Partial<CreatePodRequest> = {},
  ): Promise<PodUid> {
    const uid = this.newUid()
    await this.runtime.createPod(podRequest(uid, pod))
    await this.runtime.startContainer(containerRequest(uid, command, { image: this.image, ...container }))
    return uid
  }

  async container(uid: PodUid, name = 'main'): Promise<ObservedContainer> {
    const container = (await this.listing(uid)).containers.get(name)
    if (container === undefined) throw new Error(`pod ${uid} has no container ${name}`)
    return container
  }

  async listing(uid: PodUid): Promise<PodListing> {
    const pod = await this.runtime.inspect(uid)
    if (pod === undefined) throw new Error(`pod ${uid} is not on the node`)
    return pod
  }

  /** Looks whenever the node tells of something, until the container is as wanted. */
  async until(
    uid: PodUid,
    wanted: (container: ObservedContainer) => boolean,
    name = 'main',
  ): Promise<ObservedContainer> {
    const end = new AbortController()
    const events = this.runtime.events(end.signal)[Symbol.asyncIterator]()
    let next = events.next()
    try {
      for (;;) {
        const container = await this.container(uid, name)
        if (wanted(container)) return container
        // Started attempts are not all told of, and an exit may be told of before its record is looked at.
        await Promise.race([
          next.then(() => {
            next = events.next()
          }),
          tick(),
        ])
      }
    } finally {
      end.abort()
    }
  }

  /** Runs to its end; what it wrote. */
  async output(
    command: readonly string[],
    container: Partial<StartContainerRequest> = {},
    pod: Partial<CreatePodRequest> = {},
  ): Promise<string> {
    const never = { policy: 'Never', delaysSeconds: [0], resetAfterSeconds: 600 } as const
    const uid = await this.start(command, { restart: never, ...container }, pod)
    await this.until(uid, ({ state }) => state.kind === 'exited', container.container)
    return await this.log(uid, container.container)
  }

  async log(uid: PodUid, container = 'main', previous = false): Promise<string> {
    const lines: string[] = []
    for await (const line of this.runtime.logs({ uid, container, previous, follow: false }))
      lines.push(line.text)
    return lines.join('\n')
  }

  async exec(uid: PodUid, command: readonly string[], container = 'main'): Promise<string> {
    return (await this.runtime.exec({ uid, container, command })).output.trim()
  }

  async stop(uid: PodUid, container = 'main', graceMs = 0): Promise<void> {
    const { attempt } = await this.container(uid, container)
    await this.runtime.stopContainer({ uid, container, attempt, graceMs })
  }

  /** As the engine does it. */
  async remove(uid: PodUid): Promise<void> {
    await this.runtime.disarm(uid)
    const { containers } = await this.listing(uid)
    for (const name of containers.keys()) await this.stop(uid, name)
    await this.runtime.removePod(uid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    await removeRoot({ transport: this.transport, root: this.root })
    await this.dockerd?.[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The runtime of a test's folder, also from another process. */
export async function runtimeAt(
  folder: string,
  image: Partial<ImageConfig> = {},
  kind: Kind = 'oci',
): Promise<Runtime> {
  if (kind === 'podman')
    return await createPodmanRuntime({ transport: localTransport(), root: join(folder, 'root'), node: NODE })
  if (kind === 'docker') {
    const environment = { DOCKER_HOST: hostIn(join(folder, 'docker')) }
    const root = join(folder, 'root')
    return await createDockerRuntime({ transport: localTransport(), root, node: NODE, environment })
  }
  const images = imageStore(join(folder, 'layer'), { ...CONFIG, ...image })
  return await createOciRuntime({
    transport: localTransport(),
    root: join(folder, 'root'),
    node: NODE,
    images,
  })
}

/** Into the store of whoever runs the containers; resolves to its id. */
async function importImage(
  runtime: Runtime,
  folder: string,
  config: ImageConfig,
  kind: 'podman' | 'docker',
): Promise<string> {
  await runtime.prepare()
  const transport = localTransport()
  const place = podmanPlace(await rootPaths(transport, join(folder, 'root')))
  const tar = join(folder, 'layer.tar')
  execFileSync('tar', ['--create', '--file', tar, '--directory', join(folder, 'layer'), '.'])
  const changes = [
    ...(config.entrypoint.length > 0 ? [`ENTRYPOINT ${JSON.stringify(config.entrypoint)}`] : []),
    ...(config.cmd.length > 0 ? [`CMD ${JSON.stringify(config.cmd)}`] : []),
    ...config.env.map((entry) => `ENV ${entry}`),
    ...(config.workingDir === '' ? [] : [`WORKDIR ${config.workingDir}`]),
    ...(config.user === '' ? [] : [`USER ${config.user}`]),
    ...(config.stopSignal === '' ? [] : [`STOPSIGNAL ${config.stopSignal}`]),
  ]
  const args = [
    'import',
    ...changes.flatMap((change) => ['--change', change]),
    tar,
    'registry.test/busybox:1',
  ]
  const command =
    kind === 'podman' ? podmanCommand(place, args) : dockerCommand(hostIn(join(folder, 'docker')), args)
  const { exitCode, stderr, stdout } = await transport.run(command)
  if (exitCode !== 0) throw new Error(stderr)
  return stdout.trim()
}

function tick(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 100)
  })
}

function writeLayer(layer: string): void {
  for (const name of ['bin', 'etc', 'tmp', 'var/run', 'home'])
    mkdirSync(join(layer, name), { recursive: true })
  cpSync('/usr/bin/busybox', join(layer, 'bin/busybox'))
  const programs = execFileSync('/usr/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')
  for (const name of programs) if (name !== 'busybox') symlinkSync('busybox', join(layer, 'bin', name))
  writeFileSync(
    join(layer, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nweb:x:1234:5678:web:/home:/bin/sh\n',
  )
  writeFileSync(join(layer, 'etc/group'), 'root:x:0:\nweb:x:5678:\nextra:x:4321:web\n')
}

function imageStore(layer: string, config: ImageConfig): ImageStore {
  const reference = 'registry.test/busybox@sha256:b1'
  return {
    pull: async () => ({ id: IMAGE, reference }),
    resolve: async (id) => (id === IMAGE ? { id, reference, layerDirs: [layer], config } : undefined),
    incomplete: async () => [],
    collect: async () => ({ images: 0, bytes: 0 }),
  }
}

export function podRecord(uid: PodUid, generation = 1): PodRecord {
  return {
    recordVersion: RECORD_VERSION,
    generation,
    node: NODE,
    commit: 'c0ffee',
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default', uid },
      spec: { containers: [{ name: 'main', image: 'busybox' }] },
    },
    conditions: [],
    containers: {},
  }
}

export function podRequest(uid: PodUid, changes: Partial<CreatePodRequest> = {}): CreatePodRequest {
  return {
    record: podRecord(uid),
    hostname: 'web',
    hostNetwork: false,
    hostIPC: false,
    hostAliases: [],
    resolvConf: 'nameserver 192.0.2.53\n',
    portMappings: [],
    volumes: [],
    ...changes,
  }
}

/** A pod with something of each kind that a node keeps for it: mounts, links, users, shaped traffic. */
export function richPodRequest(uid: PodUid, users: boolean): CreatePodRequest {
  return podRequest(uid, {
    volumes: [
      { kind: 'emptyDir', name: 'memory', medium: 'Memory' },
      { kind: 'emptyDir', name: 'disk', medium: '' },
    ],
    ...(users
      ? { userNamespace: true, bandwidth: { ingressBits: 8_000_000, egressBits: 8_000_000 } }
      : { portMappings: [{ containerPort: 80, hostPort: 20_880, protocol: 'TCP' }] }),
  })
}

/** Its container. */
export function richContainerRequest(uid: PodUid): StartContainerRequest {
  return containerRequest(uid, ['sleep', '1000'], {
    mounts: [{ volume: 'disk', mountPath: '/v', subPath: 'a/b', readOnly: false, propagation: 'private' }],
  })
}

export function containerRequest(
  uid: PodUid,
  command: readonly string[],
  changes: Partial<StartContainerRequest> = {},
): StartContainerRequest {
  return {
    uid,
    container: 'main',
    attempt: 0,
    image: IMAGE,
    command,
    args: [],
    env: [],
    mounts: [],
    security: SECURITY,
    resources: { cpuShares: 102 },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    restart: { policy: 'Always', delaysSeconds: [0, 1, 300], resetAfterSeconds: 600 },
    pidMode: 'container',
    hostNetwork: false,
    hostIPC: false,
    labels: { namespace: 'default', pod: 'web' },
    ...changes,
  }
}

export const SECURITY: StartContainerRequest['security'] = {
  runAsNonRoot: false,
  supplementalGroups: [],
  addCapabilities: [],
  dropCapabilities: [],
  privileged: false,
  readOnlyRootFilesystem: false,
  allowPrivilegeEscalation: true,
  seccomp: 'RuntimeDefault',
  procMount: 'Default',
}
