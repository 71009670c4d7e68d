import { expect, test } from 'vitest'
import { containersConf } from '../../../engine/runtimes/podman/containersConf.ts'
import { parsePodmanEvents } from '../../../engine/runtimes/podman/events.ts'
import { parseImage } from '../../../engine/runtimes/dockerLike/imageParsers.ts'
import { inspectedOf } from '../../../engine/runtimes/dockerLike/inspected.ts'
import { parseImageList } from '../../../engine/runtimes/podman/imageList.ts'
import { parseInspected } from '../../../engine/runtimes/podman/inspected.ts'
import { PODMAN } from '../../../engine/runtimes/podman/tool.ts'

const UID = '01234567-89ab-cdef-0123-456789abcdef'
const NAME = `${UID}_main_0`

/** podman 4.3.1, shortened by what is not read. */
const INSPECTED = `"${NAME}" "/r/podman/overlay-containers/b18e/userdata" "/r/podman/overlay/1/diff" 1 {"OciVersion":"1.0.2-dev","Status":"running","Running":true,"OOMKilled":false,"Pid":31996,"ConmonPid":31986,"ExitCode":0,"Error":"","StartedAt":"2026-11-21T18:22:03.163417982Z","FinishedAt":"2026-11-21T18:22:02.989534277Z","CgroupPath":"/reconcile-x/podu/libpod-b18e"}
"${UID}_init_0" "/r/podman/overlay-containers/c2/userdata" "/r/podman/overlay/2/diff" 0 {"Status":"exited","OOMKilled":true,"Pid":0,"ExitCode":137,"StartedAt":"2026-11-21T18:22:03Z","FinishedAt":"2026-11-21T18:22:04Z"}
"${UID}_late_0" "/r/podman/overlay-containers/d3/userdata" "" 0 {"Status":"created","ExitCode":0,"StartedAt":"0001-01-01T00:00:00Z","FinishedAt":"0001-01-01T00:00:00Z"}
`

test('what podman tells of containers, a line each', () => {
  const found = parseInspected(INSPECTED)
  expect([...found.keys()]).toEqual([NAME, `${UID}_init_0`, `${UID}_late_0`])
  expect(found.get(NAME)).toEqual({
    name: NAME,
    folder: '/r/podman/overlay-containers/b18e/userdata',
    upper: '/r/podman/overlay/1/diff',
    restarts: 1,
    status: 'running',
    pid: 31_996,
    monitor: 31_986,
    exitCode: 0,
    oomKilled: false,
    startedAt: '2026-11-21T18:22:03.163417982Z',
    finishedAt: '2026-11-21T18:22:02.989534277Z',
    cgroup: '/reconcile-x/podu/libpod-b18e',
  })
  expect(found.get(`${UID}_init_0`)).toMatchObject({
    status: 'exited',
    exitCode: 137,
    oomKilled: true,
    cgroup: '',
  })
  expect(found.get(`${UID}_late_0`)).not.toHaveProperty('startedAt')
  expect(parseInspected('Error: no such object\n')).toEqual(new Map())
})

test('a container that is not there is an answer of podman’s, and a failure of podman’s is none', () => {
  const missing = {
    exitCode: 125,
    stdout: '',
    stderr: 'Error: inspecting object: no such container a\n',
    timedOut: false,
  }
  expect(inspectedOf(PODMAN, missing)).toEqual(new Map())
  expect([...inspectedOf(PODMAN, { ...missing, stdout: INSPECTED }).keys()]).toContain(NAME)
  expect(() => inspectedOf(PODMAN, { ...missing, stderr: 'Error: database is locked\n' })).toThrow(
    'database is locked',
  )
  expect(() => inspectedOf(PODMAN, { ...missing, timedOut: true })).toThrow('took too long')
})

test('of podman’s events those of our containers are read, with how they ended', () => {
  const text = `{"Status":"refresh","Time":"2026-11-21T18:15:31.805096367Z","Type":"system","Attributes":null}
{"ID":"34d3","Name":"${UID}","Status":"create","Time":"2026-11-21T18:15:32Z","Type":"pod","Attributes":null}
{"ID":"b18e","Image":"localhost/bb:1","Name":"${NAME}","Status":"start","Time":"2026-11-21T18:15:32Z","Type":"container","PodID":"34d3","Attributes":{}}
{"ContainerExitCode":7,"ID":"b18e","Image":"localhost/bb:1","Name":"${NAME}","Status":"died","Time":"2026-11-21T18:15:35Z","Type":"container","Attributes":{}}
{"ID":"ffff","Name":"somebody","Status":"start","Time":"2026-11-21T18:15:32Z","Type":"container","Attributes":{}}
{"ID":"b18e","Name":"${NAME}","Status":"died","Ti`
  expect(parsePodmanEvents(text)).toEqual([
    { name: NAME, uid: UID, status: 'start' },
    { name: NAME, uid: UID, status: 'died', exitCode: 7 },
  ])
})

const IMAGE = [
  {
    Id: 'c306',
    Digest: 'sha256:aa15',
    RepoTags: ['docker.io/library/busybox:1'],
    RepoDigests: ['mirror.test/busybox@sha256:bb', 'docker.io/library/busybox@sha256:cc'],
    Config: { Cmd: ['sh'], Env: ['A=b'], WorkingDir: '/w', User: 'web', StopSignal: 'SIGQUIT' },
    GraphDriver: { Name: 'overlay', Data: { LowerDir: '/l/2:/l/1', UpperDir: '/l/3', WorkDir: '/w' } },
  },
]

test('an image: its config, its layers from the bottom up, and the name that its own registry knows it by', () => {
  expect(parseImage(JSON.stringify(IMAGE), 'docker.io/library/busybox:1')).toEqual({
    id: 'sha256:c306',
    reference: 'docker.io/library/busybox@sha256:cc',
    layerDirs: ['/l/1', '/l/2', '/l/3'],
    config: {
      entrypoint: [],
      cmd: ['sh'],
      env: ['A=b'],
      workingDir: '/w',
      user: 'web',
      stopSignal: 'SIGQUIT',
      volumes: [],
    },
  })
  expect(parseImage(JSON.stringify(IMAGE), 'other.test/x:1')?.reference).toBe('other.test/x@sha256:aa15')
  expect(parseImage(JSON.stringify(IMAGE), 'sha256:c306')?.reference).toBe('mirror.test/busybox@sha256:bb')
  expect(parseImage('', 'a')).toBeUndefined()
})

test('an image that is listed once for each of its names is one', () => {
  const images = [
    { Id: 'a', Names: ['r/x:1'], RepoDigests: ['r/x@sha256:1'], Size: 5 },
    { Id: 'a', Names: ['r/x:2'], RepoDigests: ['r/x@sha256:1'], Size: 5 },
    { Id: 'b', Names: null, Size: 7 },
  ]
  expect(parseImageList(JSON.stringify(images))).toEqual([
    { id: 'sha256:a', names: ['r/x:1', 'r/x@sha256:1', 'r/x:2'], bytes: 5 },
    { id: 'sha256:b', names: [], bytes: 7 },
  ])
})

test('podman asks for no more than it may have, and shares no lock with the node’s own', () => {
  const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             96365                unlimited            processes
Max open files            1024                 20000                files
`
  const place = { state: '/run/x/state', networks: '/run/x/networks', seccomp: '/run/x/seccomp.json' }
  const lines = containersConf({
    isRootless: false,
    place,
    runtime: '/usr/sbin/runc',
    hook: '/r/hook/1.sh',
    limits,
  }).split('\n')
  expect(lines).toContain('default_ulimits = ["nofile=1024:20000", "nproc=32768:32768"]')
  expect(lines).toContain('seccomp_profile = "/run/x/seccomp.json"')
  expect(lines).toContain('lock_type = "file"')
  expect(lines).toContain('runtime = "/usr/sbin/runc"')
  expect(lines).toContain('tmp_dir = "/run/x/state"')
  expect(lines).toContain('conmon_path = ["/r/hook/1.sh"]')
  expect(lines).not.toContain('cgroups = "disabled"')
})

test('for an account that is not root podman makes no groups, and loads no profile', () => {
  const place = { state: '/run/x/state', networks: '/run/x/networks', seccomp: '/run/x/seccomp.json' }
  const parts = { isRootless: true, place, runtime: '/usr/bin/crun', hook: '/r/hook/1.sh', limits: '' }
  const lines = containersConf(parts).split('\n')
  expect(lines).toContain('cgroups = "disabled"')
  expect(lines).toContain('apparmor_profile = "unconfined"')
})
