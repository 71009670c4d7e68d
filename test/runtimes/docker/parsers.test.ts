import { expect, test } from 'vitest'
import { endsOf, parseDockerEvents } from '../../../engine/runtimes/docker/events.ts'
import { parseImageLines } from '../../../engine/runtimes/docker/imageLines.ts'
import { parseInspected } from '../../../engine/runtimes/docker/inspected.ts'
import { DOCKER, restartDelayMs } from '../../../engine/runtimes/docker/tool.ts'
import { LineJoiner, parseRecord } from '../../../engine/runtimes/oci/logs/lines.ts'

const UID = '01234567-89ab-cdef-0123-456789abcdef'
const NAME = `${UID}_main_0`

/** docker 20.10.24. */
const INSPECTED = `"/${NAME}" "f834" "/d/containers/f834/f834-json.log" "/d/overlay2/ec06/diff" 3 "/dktest/x" {"Dead":false,"Error":"","ExitCode":0,"FinishedAt":"2026-11-21T22:31:42.574792919Z","OOMKilled":false,"Paused":false,"Pid":15806,"Restarting":false,"Running":true,"StartedAt":"2026-11-21T22:31:43.233112671Z","Status":"running"}
"/${UID}_late_0" "85b3" "" "/d/overlay2/8c59/diff" 0 "" {"Dead":false,"Error":"","ExitCode":0,"FinishedAt":"0001-01-01T00:00:00Z","OOMKilled":false,"Paused":false,"Pid":0,"Restarting":false,"Running":false,"StartedAt":"0001-01-01T00:00:00Z","Status":"created"}
`

test('what docker tells of containers, a line each', () => {
  const found = parseInspected(INSPECTED)
  expect([...found.keys()]).toEqual([NAME, `${UID}_late_0`])
  expect(found.get(NAME)).toEqual({
    name: NAME,
    folder: '/d/containers/f834',
    upper: '/d/overlay2/ec06/diff',
    restarts: 3,
    status: 'running',
    pid: 15_806,
    monitor: 15_806,
    exitCode: 0,
    oomKilled: false,
    startedAt: '2026-11-21T22:31:43.233112671Z',
    finishedAt: '2026-11-21T22:31:42.574792919Z',
    cgroup: '/dktest/x/f834',
  })
  expect(found.get(`${UID}_late_0`)).not.toHaveProperty('startedAt')
  expect(found.get(`${UID}_late_0`)?.folder).toBe('')
})

test('of docker’s events those of our containers are read, with how they ended', () => {
  const text = `{"status":"start","id":"f834","from":"bb:1","Type":"container","Action":"start","Actor":{"ID":"f834","Attributes":{"image":"bb:1","name":"${NAME}"}},"scope":"local","time":1795300300,"timeNano":1795300300997689783}
{"status":"die","id":"f834","from":"bb:1","Type":"container","Action":"die","Actor":{"ID":"f834","Attributes":{"exitCode":"7","image":"bb:1","name":"${NAME}"}},"scope":"local","time":1795300301,"timeNano":1795300301244775223}
{"status":"die","id":"ffff","Type":"container","Action":"die","Actor":{"ID":"ffff","Attributes":{"exitCode":"1","name":"somebody"}},"scope":"local"}
{"status":"die","id":"f834","from":"bb:1","Type":"cont`
  expect(parseDockerEvents(text)).toEqual([
    { name: NAME, uid: UID, action: 'start' },
    { name: NAME, uid: UID, action: 'die', exitCode: 7 },
  ])
  expect(endsOf(text)).toEqual([{ name: NAME, exitCode: 7, oomKilled: false }])
  const [start = '', die = ''] = text.split('\n')
  const oom = start.replace('"Action":"start"', '"Action":"oom"')
  const killed = (...events: readonly string[]) => endsOf(events.join('\n')).map(({ oomKilled }) => oomKilled)
  expect(killed(start, oom, die, start, die)).toEqual([true, false])
  expect(killed(start, die, oom, start, die)).toEqual([true, false])
  expect(killed(start, die, start, oom, die)).toEqual([false, true])
})

test('images, with their names in full', () => {
  const text = `"sha256:a" ["busybox:1","127.0.0.1:5000/library/busybox:1"] ["busybox@sha256:${'1'.repeat(64)}"] 7
"sha256:b" null null 5
Error: No such image: c
`
  expect(parseImageLines(text)).toEqual([
    {
      id: 'sha256:a',
      names: [
        'docker.io/library/busybox:1',
        '127.0.0.1:5000/library/busybox:1',
        `docker.io/library/busybox@sha256:${'1'.repeat(64)}`,
      ],
      bytes: 7,
    },
    { id: 'sha256:b', names: [], bytes: 5 },
  ])
})

test('why a container could not be started is told without docker’s own words around it', () => {
  const said = `docker: Error response from daemon: failed to create shim task: OCI runtime create failed: "/no": no such file.

Run 'docker run --help' for more information`
  expect(DOCKER.refusal(said)).toBe(
    'failed to create shim task: OCI runtime create failed: "/no": no such file.',
  )
  expect(DOCKER.refusal("docker: a.\nSee 'docker run --help'.")).toBe('a.')
})

test('docker waits twice as long each time, and begins anew after ten seconds', () => {
  const ended = (restarts: number, finishedAt: string) =>
    restartDelayMs({ restarts, startedAt: '2026-01-01T00:00:00Z', finishedAt })
  expect([0, 1, 2, 9, 30].map((restarts) => ended(restarts, '2026-01-01T00:00:01Z'))).toEqual([
    100, 200, 400, 51_200, 60_000,
  ])
  expect(ended(30, '2026-01-01T00:00:10Z')).toBe(100)
})

test('a line of docker’s log is one of ours: parts are joined, and no character is lost', () => {
  const line = (log: string, stream = 'stdout') =>
    Buffer.from(JSON.stringify({ log, stream, time: '2026-11-21T21:34:19.503245997Z' })).toString('latin1')
  expect(parseRecord(line('err\n', 'stderr'))).toEqual({
    at: '2026-11-21T21:34:19.503245997Z',
    stream: 'stderr',
    bytes: 'err',
    whole: true,
  })
  const joiner = new LineJoiner()
  expect(joiner.add(line('ä€'))).toBeUndefined()
  expect(joiner.add(line('\u2028<ö>\n').replace('<', '\\u003c'))?.text).toBe('ä€\u2028<ö>')
  const escaped = '{"log":"\\u2028\\ufffd\\n","stream":"stdout","time":"2026-11-21T21:34:19Z"}'
  expect(joiner.add(escaped)?.text).toBe('\u2028\ufffd')
  expect(parseRecord('{"log":"cut')).toBeUndefined()
})
