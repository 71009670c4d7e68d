import type { TarEntry } from '../../engine/runtimes/oci/images/tar.ts'
import type { BuiltImage, ImageSource } from './build.ts'
import { buildImage, buildIndex, goArchitecture } from './build.ts'
import { busyboxLayer } from './busybox.ts'

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Process 1 gets no signal that it does not ask for, so the server is left to a shell that asks. */
const SERVE = `#!/bin/sh
trap 'exit 0' TERM INT
httpd -f -p "\${PORT:-8080}" -h /www &
wait $!
`

const PAGE = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
echo "web $VERSION on $(hostname)"
`

const CRASH = `#!/bin/sh
echo "\${MESSAGE:-something went wrong}" >&2
sleep "\${SECONDS_TO_LIVE:-0}"
exit "\${EXIT_CODE:-3}"
`

const STOP = `#!/bin/sh
trap 'echo "stopped by SIGUSR1"; exit 0' USR1
trap 'echo "stopped by SIGTERM"; exit 1' TERM
echo ready
while :; do sleep 1000 & wait $!; done
`

/** The images of the demo and the tests, by the names that docker.io would have them under. */
export function sampleImages(): ReadonlyMap<string, BuiltImage> {
  const base = busyboxLayer()
  const busybox = image(base, [], { Cmd: ['sh'] })
  return new Map([
    ['library/busybox:1.36', busybox],
    ['library/busybox:latest', busybox],
    ['reconcile/web:1', web(base, '1')],
    ['reconcile/web:2', web(base, '2')],
    ['reconcile/web:3', web(base, '3')],
    ['reconcile/crash:latest', image(base, script('bin/crash', CRASH), { Cmd: ['/bin/crash'] })],
    [
      'reconcile/user:latest',
      image(base, [], { User: 'www', WorkingDir: '/www', Cmd: ['sleep', '1000000'] }),
    ],
    [
      'reconcile/stopsignal:latest',
      image(base, script('bin/run', STOP), { Cmd: ['/bin/run'], StopSignal: 'SIGUSR1' }),
    ],
    ['reconcile/layers:latest', layered(base)],
    ['reconcile/multiarch:latest', multiarch(base)],
  ])
}

function image(
  base: readonly TarEntry[],
  upper: readonly TarEntry[],
  config: ImageSource['config'],
): BuiltImage {
  const layers = upper.length === 0 ? [base] : [base, upper]
  return buildImage({ layers: layers.map((entries) => ({ entries })), config: { Env: [PATH], ...config } })
}

function script(path: string, content: string): readonly TarEntry[] {
  return [{ kind: 'file', path, mode: 0o755, content }]
}

function web(base: readonly TarEntry[], version: string): BuiltImage {
  const upper = [
    ...script('bin/serve', SERVE),
    { kind: 'directory' as const, path: 'www/cgi-bin/', mode: 0o755 },
    ...script('www/cgi-bin/index.cgi', PAGE),
  ]
  return image(base, upper, {
    Env: [PATH, `VERSION=${version}`],
    Cmd: ['/bin/serve'],
    ExposedPorts: { '8080/tcp': {} },
  })
}

/** Each upper layer takes something of the ones below away. */
function layered(base: readonly TarEntry[]): BuiltImage {
  const file = (path: string, content = path): TarEntry => ({ kind: 'file', path, content })
  const directory = (path: string): TarEntry => ({ kind: 'directory', path, mode: 0o755 })
  const layers = [
    base,
    [
      directory('data/'),
      directory('data/hidden/'),
      ...['data/kept', 'data/removed', 'data/hidden/old'].map((p) => file(p)),
    ],
    [
      file('data/.wh.removed', ''),
      directory('data/hidden/'),
      file('data/hidden/.wh..wh..opq', ''),
      file('data/hidden/new'),
    ],
  ]
  return buildImage({
    layers: layers.map((entries) => ({ entries })),
    config: { Env: [PATH], Cmd: ['sleep', '1000000'] },
  })
}

function multiarch(base: readonly TarEntry[]): BuiltImage {
  const own = goArchitecture()
  const names = [...new Set(['amd64', 'arm64', 's390x', own])].toSorted()
  return buildIndex(
    names.map((architecture) => ({
      architecture,
      image: buildImage({
        architecture,
        layers: [{ entries: architecture === own ? base : script('made-for-another-machine', architecture) }],
        config: { Env: [PATH], Cmd: ['sleep', '1000000'] },
      }),
    })),
  )
}
