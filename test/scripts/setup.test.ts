import { execa } from 'execa'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const SETUP = new URL('../../scripts/setup', import.meta.url).pathname

const folder = mkdtempSync(join(tmpdir(), 'reconcile-setup-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** In a mount namespace of its own, on another system that lacks two of the packages. */
async function setupElsewhere() {
  const osRelease = join(folder, 'os-release')
  const empty = join(folder, 'empty')
  writeFileSync(osRelease, 'ID=fedora\n')
  mkdirSync(empty)
  const script =
    'mount --bind "$2" /etc/os-release; for place in /usr/lib/cni /usr/share/containers; do mount --bind "$3" "$place"; done; exec bash "$1"'
  return await execa('unshare', ['--mount', 'sh', '-ec', script, 'sh', SETUP, osRelease, empty], {
    reject: false,
  })
}

test('where all is there nothing is done or said', async () => {
  const { exitCode, stdout, stderr } = await execa('bash', [SETUP, '--test'], { reject: false })
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' })
})

test('on a system that is no Debian it names what is missing and stops', async () => {
  const { exitCode, stderr } = await setupElsewhere()
  expect(exitCode).toBe(1)
  expect(stderr).toBe(
    "setup: this is no Debian or Ubuntu, so install these by hand, they are missing: containernetworking-plugins golang-github-containers-common (Debian's names)",
  )
})

test('who is not root is told so', async () => {
  const args = ['--reuid=65534', '--regid=65534', '--clear-groups', 'bash', SETUP]
  const { exitCode, stderr } = await execa('setpriv', args, { reject: false })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('this needs root')
})

test('an option that does not exist is refused', async () => {
  const { exitCode, stderr } = await execa('bash', [SETUP, '--everything'], { reject: false })
  expect(exitCode).toBe(3)
  expect(stderr).toContain('usage: scripts/setup')
})
