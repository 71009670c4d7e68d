import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { TarEntry } from '../../engine/runtimes/oci/images/tar.ts'

/** From Debian's busybox-static. */
const BUSYBOX = '/bin/busybox'

const FOLDERS = [
  'bin/',
  'dev/',
  'etc/',
  'home/',
  'proc/',
  'root/',
  'sys/',
  'usr/',
  'usr/bin/',
  'var/',
  'www/',
]

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www:x:1000:1000:www:/www:/bin/sh
nobody:x:65534:65534:nobody:/home:/bin/false
`

const GROUP = `root:x:0:
daemon:x:1:
www:x:1000:
helpers:x:2000:www
nogroup:x:65534:
`

/** A layer with busybox, a hard link (as in the image on Docker Hub: cheaper to make than a symlink) for each of its programs, and users to run as. */
export function busyboxLayer(): readonly TarEntry[] {
  const programs = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n').toSorted()
  return [
    ...FOLDERS.map((path): TarEntry => ({ kind: 'directory', path, mode: 0o755 })),
    { kind: 'directory', path: 'tmp/', mode: 0o1777 },
    { kind: 'file', path: 'bin/busybox', mode: 0o755, content: readFileSync(BUSYBOX) },
    ...programs
      .filter((name) => name !== 'busybox')
      .map(
        (name): TarEntry => ({ kind: 'hardlink', path: `bin/${name}`, mode: 0o755, target: 'bin/busybox' }),
      ),
    { kind: 'symlink', path: 'usr/bin/env', mode: 0o777, target: '../../bin/busybox' },
    { kind: 'file', path: 'etc/passwd', mode: 0o644, content: PASSWD },
    { kind: 'file', path: 'etc/group', mode: 0o644, content: GROUP },
  ]
}
