import { expect, test } from 'vitest'
import { podUid } from '../../../engine/api/names.ts'
import {
  execArgs,
  imageInspectArgs,
  imageRemoveArgs,
  pauseArgs,
  startArgs,
} from '../../../engine/runtimes/dockerLike/commands.ts'
import { containerName, parseContainerName } from '../../../engine/runtimes/dockerLike/names.ts'
import { updateArgs } from '../../../engine/runtimes/dockerLike/resize.ts'
import type { RunParts } from '../../../engine/runtimes/dockerLike/runParts.ts'
import {
  hostnameCommand,
  imageListArgs,
  inspectArgs,
  parseVersion,
  podCreateArgs,
  podmanCommand,
  podRemoveArgs,
  pullArgs,
  removeAllArgs,
  removeArgs,
  secretCreateArgs,
  secretRemoveArgs,
  stopArgs,
} from '../../../engine/runtimes/podman/commands.ts'
import { mountText, runArgs } from '../../../engine/runtimes/podman/runArgs.ts'
import { argumentsIn, RUN_PARTS } from '../dockerLike/support.ts'
import { SECURITY } from '../oci/support.ts'

const UID = podUid('01234567-89ab-cdef-0123-456789abcdef')
const PLACE = {
  store: '/r/podman',
  run: '/run/x/run',
  state: '/run/x/state',
  config: '/run/x/containers.conf',
}

test('every command goes to the store of the root, and has its configuration in place of the node’s', () => {
  expect(podmanCommand(PLACE, ['ps'], { timeoutMs: 5, env: { HTTP_PROXY: 'http://p' } })).toEqual({
    argv: ['podman', '--root', '/r/podman', '--runroot', '/run/x/run', '--tmpdir', '/run/x/state', 'ps'],
    env: { HOME: '/root', HTTP_PROXY: 'http://p', CONTAINERS_CONF: '/run/x/containers.conf' },
    timeoutMs: 5,
  })
})

test('what podman calls a container tells whose it is', () => {
  const name = containerName(UID, 'my-app', 12)
  expect(name).toBe(`${UID}_my-app_12`)
  expect(parseContainerName(name)).toEqual({ uid: UID, container: 'my-app', attempt: 12 })
  expect(parseContainerName('web')).toBeUndefined()
  expect(parseContainerName(`${UID}_my-app`)).toBeUndefined()
})

test.each<readonly [readonly string[], string]>([
  [
    podCreateArgs(UID, { app: 'a b', x: 'y' }),
    `pod create --infra=false --share-parent=false --label|app=a b|--label x=y --name ${UID}`,
  ],
  [podRemoveArgs(UID), `pod rm --force --ignore --time 0 ${UID}`],
  [removeArgs(['a', 'b']), 'container rm --force --ignore --time 0 a b'],
  [removeAllArgs().flat(), 'pod rm --all --force --time 0 container rm --all --force --time 0'],
  [stopArgs('a', 1500), 'container stop --ignore --time 2 a'],
  [stopArgs('a', 0), 'container stop --ignore --time 0 a'],
  [startArgs('a'), 'container start a'],
  [pauseArgs('unpause', ['a', 'b']), 'container unpause a b'],
  [
    inspectArgs(['a', 'b']),
    'container inspect --format|{{json .Name}} {{json .StaticDir}} {{json .GraphDriver.Data.UpperDir}} {{json .RestartCount}} {{json .State}}|a b',
  ],
  [execArgs('a', ['sh', '-c', 'x y'], { stdin: true, tty: true }), 'exec --interactive --tty a sh -c|x y'],
  [execArgs('a', ['true'], { mark: 'm' }), 'exec --env RECONCILE_EXEC=m a true'],
  [secretCreateArgs('s', '/run/x'), 'secret create --driver file --driver-opts path=/run/x s -'],
  [secretRemoveArgs(['s', 't']), 'secret rm s t'],
  [imageInspectArgs('a'), 'image inspect a'],
  [imageListArgs(), 'image list --format json'],
  [imageRemoveArgs(['a']), 'image rm a'],
  [pullArgs('r/a:1', { plainHttp: false }), 'pull --quiet docker://r/a:1'],
  [
    pullArgs('r/a:1', { plainHttp: true, authFile: '/run/a.json' }),
    'pull --quiet --authfile /run/a.json --tls-verify=false docker://r/a:1',
  ],
  [
    updateArgs('a', { cpuShares: 10, cpuQuotaUs: 500, memoryLimitBytes: 9 }),
    'update --cpu-shares 10 --cpu-period 100000 --cpu-quota 500 --memory 9b --memory-swap 9b a',
  ],
  [updateArgs('a', { cpuShares: 10 }), 'update --cpu-shares 10 a'],
])('%j', (args, wanted) => {
  expect(args).toEqual(argumentsIn(wanted))
})

const PLAIN = [
  ...['run', '--detach', '--passwd=false', '--pull=never', '--name', 'n', '--pod', 'p'],
  ...['--network', 'ns:/net', '--ipc', 'ns:/ipc', '--uts', 'ns:/uts'],
  ...['--cgroup-parent', '/reconcile-x/podu', '--restart', 'always'],
  ...['--log-driver', 'k8s-file', '--log-opt', 'path=/log', '--log-opt', 'max-size=1000'],
  ...['--unsetenv-all', '--env-file', '/run/env', '--workdir', '/'],
  ...['--no-hosts', '--image-volume=ignore', '--read-only-tmpfs=false', '--no-healthcheck'],
  ...['--user', '0:0'],
  ...['--cpu-shares', '102', '--pids-limit', '-1'],
  ...['--entrypoint', '["sh","-c","echo \\"hi\\""]', 'abc'],
]

test('a container that asks for nothing', () => {
  expect(runArgs({ security: SECURITY, resources: { cpuShares: 102 } }, RUN_PARTS)).toEqual(PLAIN)
})

test('a container that is made and not started yet differs in nothing else', () => {
  const args = runArgs({ security: SECURITY, resources: { cpuShares: 102 } }, RUN_PARTS, 'create')
  expect(args).toEqual(['create', ...PLAIN.slice(3)])
})

test('where there are no groups a container has none, and no limits', () => {
  const { cgroupParent: _, ...parts } = RUN_PARTS
  const resources = { cpuShares: 102, cpuQuotaUs: 50_000, memoryLimitBytes: 64, pidsMax: 5 }
  const args = runArgs({ security: SECURITY, resources }, { ...parts, oomScoreAdj: 900, cpus: '2-3' })
  expect(args.join(' ')).toContain('--oom-score-adj 900')
  expect(args.join(' ')).not.toMatch(/cgroup|cpu|memory|pids/)
})

test('a container that asks for everything', () => {
  const wish = {
    security: {
      ...SECURITY,
      addCapabilities: ['NET_ADMIN', 'kill'],
      dropCapabilities: ['ALL', 'KILL'],
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      procMount: 'Unmasked',
      seLinux: { level: 's0:c1' },
    },
    resources: { cpuShares: 2, cpuQuotaUs: 50_000, memoryLimitBytes: 64, pidsMax: 5 },
    sysctls: [['net.core.somaxconn', '1024']],
    stdin: 'open',
    tty: true,
  } as const
  const parts: RunParts = {
    ...RUN_PARTS,
    labels: { a: 'b' },
    user: { uid: 5, gid: 6, additionalGids: [6, 7] },
    namespaces: { net: 'host', ipc: 'host', uts: 'host', pid: 'ns:/proc/9/ns/pid' },
    stopSignal: 'SIGQUIT',
    variables: { flags: ['--secret', 's,type=env,target=LINES'], env: {} },
    mounts: [{ source: '/v', destination: '/data', readOnly: true, propagation: 'rslave', noExec: true }],
    devices: [{ source: '/dev/vdb', path: '/dev/disk', readOnly: true }],
    seccomp: 'unconfined',
    appArmor: 'mine',
    oomScoreAdj: 900,
    cpus: '2-3',
  }
  expect(runArgs(wish, parts)).toEqual([
    ...['run', '--detach', '--passwd=false', '--pull=never', '--name', 'n', '--pod', 'p', '--label', 'a=b'],
    ...['--network', 'host', '--ipc', 'host', '--uts', 'host', '--pid', 'ns:/proc/9/ns/pid'],
    ...['--cgroup-parent', '/reconcile-x/podu', '--restart', 'always', '--stop-signal', 'SIGQUIT'],
    ...['--log-driver', 'k8s-file', '--log-opt', 'path=/log', '--log-opt', 'max-size=1000'],
    ...['--unsetenv-all', '--env-file', '/run/env', '--workdir', '/'],
    ...['--secret', 's,type=env,target=LINES'],
    ...['--no-hosts', '--image-volume=ignore', '--read-only-tmpfs=false', '--no-healthcheck'],
    ...['--user', '5:6', '--group-add', '7', '--read-only'],
    ...['--cap-drop', 'all', '--cap-drop', 'CAP_KILL', '--cap-add', 'CAP_NET_ADMIN'],
    ...['--security-opt', 'no-new-privileges', '--security-opt', 'seccomp=unconfined'],
    ...['--security-opt', 'apparmor=mine', '--security-opt', 'label=level:s0:c1'],
    ...['--security-opt', 'unmask=ALL'],
    ...['--cpu-shares', '2', '--cpu-period', '100000', '--cpu-quota', '50000'],
    ...['--memory', '64b', '--memory-swap', '64b', '--pids-limit', '5'],
    ...['--oom-score-adj', '900', '--cpuset-cpus', '2-3'],
    ...['--sysctl', 'net.core.somaxconn=1024', '--interactive', '--tty'],
    ...['--mount', 'type=bind,src=/v,dst=/data,ro=true,noexec,bind-propagation=rslave'],
    ...['--device', '/dev/vdb:/dev/disk:rm'],
    ...['--entrypoint', '["sh","-c","echo \\"hi\\""]', 'abc'],
  ])
})

test('a privileged container is given no capabilities by name', () => {
  const security = { ...SECURITY, privileged: true, dropCapabilities: ['KILL'] }
  const args = runArgs({ security, resources: { cpuShares: 2 } }, RUN_PARTS)
  expect(args).toContain('--privileged')
  expect(args.filter((arg) => arg.startsWith('--cap'))).toEqual([])
})

test('a path that holds what separates the parts of a mount stands in quotes', () => {
  const mount = { source: '/a,b"c', destination: '/d', readOnly: false, propagation: 'rprivate' } as const
  expect(mountText(mount)).toBe('type=bind,"src=/a,b""c",dst=/d,bind-propagation=rprivate')
})

test('a pod’s name is set in the namespace that its containers join', () => {
  expect(hostnameCommand('/run/u/uts', 'web').argv).toEqual([
    'nsenter',
    '--uts=/run/u/uts',
    'hostname',
    'web',
  ])
})

test('podman tells its version', () => {
  expect(parseVersion('podman version 4.3.1\n')).toBe('4.3.1')
})
