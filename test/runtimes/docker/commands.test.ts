import { expect, test } from 'vitest'
import { podUid } from '../../../engine/api/names.ts'
import { parseReference } from '../../../engine/runtimes/oci/images/reference.ts'
import type { RunParts } from '../../../engine/runtimes/dockerLike/runParts.ts'
import {
  clockCommand,
  copyCommand,
  dockerCommand,
  eventsArgs,
  hasRemoved,
  imageListArgs,
  importArgs,
  infoArgs,
  inodesCommand,
  inspectArgs,
  pastEndsArgs,
  podContainersArgs,
  pullArgs,
  removeArgs,
  rootContainersArgs,
  stopArgs,
  unfitness,
  versionArgs,
} from '../../../engine/runtimes/docker/commands.ts'
import { pullProblem } from '../../../engine/runtimes/oci/images/failures.ts'
import { namesWith, refusals } from '../../../engine/runtimes/docker/images.ts'
import { isEntered, PAUSE_IMAGE, pauseArgs } from '../../../engine/runtimes/docker/pause.ts'
import { mountText, runArgs } from '../../../engine/runtimes/docker/runArgs.ts'
import { variableFlags } from '../../../engine/runtimes/docker/variables.ts'
import { PAUSE } from '../../../engine/runtimes/oci/pods/pause.ts'
import { argumentsIn, RUN_PARTS } from '../dockerLike/support.ts'
import { SECURITY } from '../oci/support.ts'

const UID = podUid('01234567-89ab-cdef-0123-456789abcdef')

test('every command goes to the daemon of the root, whatever the variables say', () => {
  const env = { HTTP_PROXY: 'http://p', DOCKER_HOST: 'unix:///other' }
  expect(dockerCommand('unix:///run/docker.sock', ['ps'], { timeoutMs: 5, env })).toEqual({
    argv: ['docker', 'ps'],
    env: { HOME: '/root', HTTP_PROXY: 'http://p', DOCKER_HOST: 'unix:///run/docker.sock' },
    timeoutMs: 5,
  })
})

test.each<readonly [readonly string[], string]>([
  [removeArgs(['a', 'b']), 'container rm --force --volumes a b'],
  [stopArgs('a', 1500), 'container stop --time 2 a'],
  [
    inspectArgs(['a', 'b']),
    'container inspect --format|{{json .Name}} {{json .Id}} {{json .LogPath}} {{json .GraphDriver.Data.UpperDir}} {{json .RestartCount}} {{json .HostConfig.CgroupParent}} {{json .State}}|a b',
  ],
  [
    podContainersArgs(UID),
    `container ls --all --quiet --no-trunc --filter label=io.kubernetes.pod.uid=${UID}`,
  ],
  [
    rootContainersArgs('1a2b3c4d'),
    'container ls --all --quiet --no-trunc --filter label=reconcile.dev/root=1a2b3c4d',
  ],
  [
    eventsArgs('1a2b3c4d'),
    'events --filter type=container --filter label=reconcile.dev/root=1a2b3c4d --format|{{json .}}',
  ],
  [
    pastEndsArgs(['a', 'b'], 'now'),
    'events --since 0 --until now --filter event=start --filter event=oom --filter event=die --filter container=a --filter container=b --format|{{json .}}',
  ],
  [versionArgs(), 'version --format {{.Server.Version}}'],
  [infoArgs(), 'info --format|{{json .Driver}} {{json .CgroupDriver}} {{json .SecurityOptions}}'],
  [pullArgs('r/a:1'), 'pull --quiet r/a:1'],
  [pullArgs('r/a:1', '/run/auth'), '--config /run/auth pull --quiet r/a:1'],
  [importArgs('p:1'), 'image import - p:1'],
  [
    imageListArgs(['a']),
    'image inspect --format|{{json .Id}} {{json .RepoTags}} {{json .RepoDigests}} {{json .Size}}|a',
  ],
  [inodesCommand(['/a', '/b']).argv, 'stat --dereference --format %i /a /b'],
  [copyCommand('/a', '/b').argv, 'cp --no-target-directory -- /a /b'],
  [clockCommand().argv, 'date --utc +%Y-%m-%dT%H:%M:%S.%NZ'],
])('%j', (args, wanted) => {
  expect(args).toEqual(argumentsIn(wanted))
})

const PARTS: RunParts = {
  ...RUN_PARTS,
  capabilities: ['CAP_CHOWN', 'CAP_KILL'],
  namespaces: { net: 'container:p', ipc: 'container:p' },
  seccomp: '/run/seccomp.json',
}

test('a container that asks for nothing', () => {
  expect(runArgs({ security: SECURITY, resources: { cpuShares: 102 } }, PARTS)).toEqual([
    ...[
      'run',
      '--detach',
      '--pull',
      'never',
      '--name',
      'n',
      '--network',
      'container:p',
      '--ipc',
      'container:p',
    ],
    ...['--cgroup-parent', '/reconcile-x/podu', '--restart', 'unless-stopped'],
    ...['--log-driver', 'json-file', '--log-opt', 'max-size=1000', '--log-opt', 'max-file=5'],
    ...['--env-file', '/run/env', '--workdir', '/', '--no-healthcheck', '--user', '0:0'],
    ...['--cap-drop', 'all', '--cap-add', 'CAP_CHOWN', '--cap-add', 'CAP_KILL'],
    ...['--security-opt', 'seccomp=/run/seccomp.json', '--cpu-shares', '102', '--pids-limit', '-1'],
    ...['--entrypoint', 'sh', 'abc', '-c', 'echo "hi"'],
  ])
})

test('a container that asks for everything', () => {
  const wish = {
    security: {
      ...SECURITY,
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
    ...PARTS,
    labels: { a: 'b' },
    user: { uid: 5, gid: 6, additionalGids: [6, 7] },
    capabilities: [],
    namespaces: { net: 'host', ipc: 'host', uts: 'host', pid: 'container:p' },
    restart: 'on-failure',
    stopSignal: 'SIGQUIT',
    variables: { flags: ['--env', 'LINES'], env: { LINES: 'a\nb' } },
    mounts: [{ source: '/v', destination: '/data', readOnly: true, propagation: 'rslave', noExec: true }],
    devices: [{ source: '/dev/vdb', path: '/dev/disk', readOnly: true }],
    seccomp: 'unconfined',
    appArmor: 'mine',
    oomScoreAdj: 900,
    cpus: '2-3',
  }
  expect(runArgs(wish, parts)).toEqual([
    ...['run', '--detach', '--pull', 'never', '--name', 'n', '--label', 'a=b'],
    ...['--network', 'host', '--ipc', 'host', '--uts', 'host', '--pid', 'container:p'],
    ...['--cgroup-parent', '/reconcile-x/podu', '--restart', 'on-failure', '--stop-signal', 'SIGQUIT'],
    ...['--log-driver', 'json-file', '--log-opt', 'max-size=1000', '--log-opt', 'max-file=5'],
    ...['--env-file', '/run/env', '--env', 'LINES', '--workdir', '/', '--no-healthcheck'],
    ...['--user', '5:6', '--group-add', '7', '--read-only', '--cap-drop', 'all'],
    ...['--security-opt', 'no-new-privileges', '--security-opt', 'seccomp=unconfined'],
    ...['--security-opt', 'apparmor=mine', '--security-opt', 'label=level:s0:c1'],
    ...['--security-opt', 'systempaths=unconfined'],
    ...['--cpu-shares', '2', '--cpu-period', '100000', '--cpu-quota', '50000'],
    ...['--memory', '64b', '--memory-swap', '64b', '--pids-limit', '5'],
    ...['--oom-score-adj', '900', '--cpuset-cpus', '2-3'],
    ...['--sysctl', 'net.core.somaxconn=1024', '--interactive', '--tty'],
    ...['--mount', 'type=bind,source=/v,target=/data,readonly,bind-propagation=rslave'],
    ...['--device', '/dev/vdb:/dev/disk:rm', '--entrypoint', 'sh', 'abc', '-c', 'echo "hi"'],
  ])
})

test('a mount whose propagation is the usual one leaves it to docker, which knows where its own are', () => {
  const mount = { source: '/a,b', destination: '/d', readOnly: false, propagation: 'rprivate' } as const
  expect(mountText(mount)).toBe('type=bind,"source=/a,b",target=/d')
})

test('the pause container enters what is pinned, and may do nothing more', () => {
  const args = pauseArgs({
    uid: UID,
    labels: { a: 'b' },
    hostname: 'web',
    cgroupParent: '/reconcile-x/podu',
    pins: [
      { namespace: 'net', path: '/run/p/net' },
      { namespace: 'ipc', path: '/run/p/ipc' },
    ],
    folders: ['/usr'],
  })
  expect(args).toEqual([
    ...['run', '--detach', '--pull', 'never', '--name', UID, '--label', 'a=b'],
    ...['--network', 'none', '--ipc', 'shareable', '--hostname', 'web', '--restart', 'no'],
    ...['--log-driver', 'none', '--cgroup-parent', '/reconcile-x/podu', '--cpu-shares', '2'],
    ...['--cap-drop', 'all', '--cap-add', 'CAP_SYS_ADMIN', '--cap-add', 'CAP_SETPCAP'],
    ...['--mount', 'type=bind,source=/usr,target=/usr,readonly'],
    ...['--mount', 'type=bind,source=/run/p/net,target=/pins/net,readonly'],
    ...['--mount', 'type=bind,source=/run/p/ipc,target=/pins/ipc,readonly'],
    ...['--entrypoint', 'nsenter', PAUSE_IMAGE, '--net=/pins/net', '--ipc=/pins/ipc'],
    ...['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', '/bin/sh', '-c', PAUSE],
  ])
})

test('it has entered when each namespace is the one that is pinned', () => {
  expect(isEntered('1\n1\n2\n2\n')).toBe(true)
  expect(isEntered('1\n1\n2\n3\n')).toBe(false)
})

test('what was not there any more is removed; what docker could not remove is not', () => {
  const result = { exitCode: 1, stdout: '', stderr: 'Error: No such container: a\n', timedOut: false }
  expect(hasRemoved(result)).toBe(true)
  expect(hasRemoved({ ...result, exitCode: 0, stderr: '' })).toBe(true)
  const busy = 'Error response from daemon: removal of container b is already in progress\n'
  expect(hasRemoved({ ...result, stderr: result.stderr + busy })).toBe(false)
  expect(hasRemoved({ ...result, timedOut: true })).toBe(false)
})

test('a daemon that cannot run pods is told what to change', () => {
  expect(unfitness('"overlay2" "cgroupfs" ["name=seccomp,profile=default"]\n')).toBeUndefined()
  expect(unfitness('"vfs" "cgroupfs" []')).toContain('"storage-driver": "overlay2"')
  expect(unfitness('"overlay2" "systemd" []')).toContain('native.cgroupdriver=cgroupfs')
  expect(unfitness('"overlay2" "cgroupfs" ["name=rootless"]')).toContain('rootless')
  expect(unfitness('"overlay2" "cgroupfs" ["name=userns"]')).toContain('userns-remap')
  expect(unfitness('')).toContain('it tells of itself')
})

test('an image is asked for by the names that it has on its registry’s mirrors, and its own last', () => {
  const mirrors = { 'docker.io': ['http://127.0.0.1:5000', 'https://m.test/hub/'] }
  const named = (name: string) => {
    const reference = parseReference(name)
    return typeof reference === 'string' ? [] : namesWith(mirrors, reference)
  }
  expect(named('busybox:1')).toEqual([
    '127.0.0.1:5000/library/busybox:1',
    'm.test/hub/library/busybox:1',
    'docker.io/library/busybox:1',
  ])
  expect(named('quay.io/a/b')).toEqual(['quay.io/a/b:latest'])
})

test('a variable that no line can hold is named, and its value is in the environment of docker’s command', () => {
  expect(variableFlags(['LINES=a\nb=c'])).toEqual({ flags: ['--env', 'LINES'], env: { LINES: 'a\nb=c' } })
  expect(() => variableFlags(['DOCKER_HOST=a\nb'])).toThrow('the variable DOCKER_HOST')
})

test('why none of an image’s names gives it: what the mirrors said goes before the registry’s own word', () => {
  expect(refusals([{ name: 'r/x:1', text: 'no\nsuch host' }])).toBe('no such host')
  const unknown = { name: '127.0.0.1:5000/x:1', text: 'manifest for x not found: manifest unknown' }
  const stderr = refusals([unknown, { name: 'r/x:1', text: 'dial tcp: i/o timeout' }])
  expect(stderr).toBe(
    '(Mirrors also failed: [127.0.0.1:5000/x:1: manifest for x not found: manifest unknown]): dial tcp: i/o timeout',
  )
  const result = { exitCode: 1, stdout: '', stderr, timedOut: false }
  expect(pullProblem(result).kind).toBe('missingInMirror')
})
