import { execa } from 'execa'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unitName, unitText, wordText } from '../../../engine/cli/install/unit.ts'
import { repository, temporaryFolder } from '../../source/repositories.ts'
import { MAIN, reconcile, runProgram } from '../process.ts'

async function printed(...args: readonly string[]): Promise<string> {
  const { status, stderr, stdout } = await reconcile(['install', '--print', ...args])
  expect([status, stderr]).toEqual([0, ''])
  return stdout
}

/** What systemd's own program makes of it; needs no running systemd. */
async function analyzed(unit: string, ...args: readonly string[]) {
  const file = join(temporaryFolder(), 'reconcile.service')
  writeFileSync(file, unit)
  return await execa('systemd-analyze', [...args, file], { reject: false, all: true })
}

/** Each of these gives a service a mount namespace of its own: what the engine mounts would be seen by nobody, and gone with it. */
const NAMESPACE =
  /^(Private(Tmp|Devices|Mounts|Users|Network|IPC)|Protect\w+|ReadOnlyPaths|ReadWritePaths|InaccessiblePaths|ExecPaths|NoExecPaths|BindPaths|BindReadOnlyPaths|TemporaryFileSystem|RootDirectory|RootImage|MountAPIVFS|MountFlags|ProcSubset|MountImages|ExtensionImages|ExtensionDirectories|DynamicUser|LogNamespace|StateDirectory|RuntimeDirectory|CacheDirectory)=/m
/** And each of these would hold for every container too, since a process hands it down to what it starts. */
const INHERITED =
  /^(NoNewPrivileges|CapabilityBoundingSet|AmbientCapabilities|SecureBits|SystemCall\w+|RestrictAddressFamilies|RestrictNamespaces|RestrictRealtime|RestrictSUIDSGID|MemoryDenyWriteExecute|LockPersonality|Personality|UMask|Limit(?!NOFILE)\w+|User|Group)=/m

test('systemd takes the unit without a warning', async () => {
  const unit = await printed('--repo', repository(), '--listen', '9100', '--path', 'a b%c')
  const { all, exitCode } = await analyzed(unit, 'verify')
  expect([exitCode, all]).toEqual([0, ''])
  const security = await analyzed(unit, 'security', '--offline=true', '--json=short', '--no-pager')
  expect(security.exitCode).toBe(0)
  expect(security.stdout).toContain('Delegate')
})

test('the unit gives the engine no namespace of its own, and takes nothing from containers', async () => {
  const folder = repository()
  const unit = await printed('--repo', folder, '--listen', '127.0.0.1:9100', '--path', 'a b%c')
  expect(unit).not.toMatch(NAMESPACE)
  expect(unit).not.toMatch(INHERITED)
  expect(unit).toContain(`RequiresMountsFor=/var/lib/reconcile ${MAIN} ${folder}\n`)
  expect(unit).toContain(
    `ExecStart=${MAIN} --repo ${folder} --root /var/lib/reconcile --path "a b%%c" --listen 127.0.0.1:9100\n`,
  )
  for (const line of ['KillMode=process', 'Delegate=yes', 'Restart=always', 'Type=notify'])
    expect(unit.split('\n')).toContain(line)
})

test('what is relative here is absolute in the unit', async () => {
  const folder = repository()
  const { stdout } = await execa(MAIN, ['install', '--print', '--webhook-secret-file', 'secret'], {
    cwd: folder,
  })
  expect(stdout).toContain(`--repo ${folder} `)
  expect(stdout).toContain(`--webhook-secret-file ${folder}/secret`)
})

test('a password in an address is refused: every user of the machine may read a unit', async () => {
  const { status, stderr } = await reconcile(['install', '--repo', 'https://me:secret@example.org/x.git'])
  expect(status).toBe(3)
  expect(stderr).toMatch(/could read the password.*netrc/)
  expect(stderr).not.toContain('secret@')
  for (const url of ["https://me:sec'ret@example.org/x.git", 'https://me:sec/ret@example.org/x.git']) {
    const quoted = await reconcile(['install', '--print', '--repo', url])
    expect([quoted.status, quoted.stdout]).toEqual([3, ''])
    expect(quoted.stderr).not.toContain('ret@')
  }
  const missing = await reconcile(['install', '--print', '--repo', '/nonexistent'])
  expect([missing.status, missing.stdout]).toEqual([3, ''])
  expect(missing.stderr).toContain('there is no repository /nonexistent')
})

/** Both commands where no systemd runs and none of its units are there, whatever the machine has: its folders are empty for them alone. */
const WITHOUT_SYSTEMD = `
  for folder in /run/systemd /etc/systemd/system; do
    [ ! -d $folder ] || mount -t tmpfs none $folder || exit 77
  done
  "$1" install --repo "$2"
  echo "install: $?"
  "$1" uninstall
  echo "uninstall: $?"
`

test('without systemd nothing is written, and it says what to do instead', async () => {
  const { status, stderr, stdout } = await runProgram('unshare', [
    ...['--mount', 'sh', '-c', WITHOUT_SYSTEMD, 'sh', MAIN, repository()],
  ])
  expect(stdout).toBe('install: 1\nreconcile.service is not installed\nuninstall: 0\n')
  expect(stderr).toMatch(/systemd does not run on this machine: reconcile install --print/)
  expect(status).toBe(0)
})

test('words are quoted as systemd reads them, and units of several roots have names of their own', () => {
  expect(wordText('--path')).toBe('--path')
  expect(wordText('100%')).toBe('100%%')
  expect(wordText('a b')).toBe('"a b"')
  expect(wordText('$HOME"\\')).toBe('"$$HOME\\"\\\\"')
  expect(unitName('/var/lib/reconcile', '1a2b3c4d')).toBe('reconcile.service')
  expect(unitName('/srv/other', '1a2b3c4d')).toBe('reconcile-1a2b3c4d.service')
  const parts = { engine: '/e', arguments: [], root: '/r', repository: 'r', needs: ['/with space'] }
  expect(unitText(parts)).toContain('RequiresMountsFor="/with space"\n')
  expect(unitText({ ...parts, filesMax: 4_000_000 })).toContain('LimitNOFILE=1048576\n')
  expect(unitText(parts)).not.toContain('LimitNOFILE')
})
