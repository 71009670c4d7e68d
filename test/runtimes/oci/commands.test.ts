import { expect, test } from 'vitest'
import { podUid } from '../../../engine/api/names.ts'
import { commandFailure } from '../../../engine/runtimes/oci/commands.ts'
import {
  hookAttachCommand,
  hookDetachCommand,
  hookDisarmCommand,
  hookReleaseCommand,
  hookStartCommand,
  locked,
} from '../../../engine/runtimes/oci/hook/hookCommands.ts'
import { dropTables, masqueradeCommand } from '../../../engine/runtimes/oci/network/masquerade.ts'
import {
  bridgeCommand,
  parseAddresses,
  parsePluginError,
  portmapCommand,
} from '../../../engine/runtimes/oci/network/network.ts'
import { countCpus } from '../../../engine/runtimes/oci/node/node.ts'
import {
  deleteCommand,
  execCommand,
  parseVersion,
  runDetachedCommand,
} from '../../../engine/runtimes/oci/runtimeCommands.ts'
import { pinArguments, unmountCommand } from '../../../engine/runtimes/oci/pods/sandbox.ts'
import { memoryCommand } from '../../../engine/runtimes/oci/volumes/volumes.ts'

const PINS = { pins: { net: '/r/net', ipc: '/r/ipc', uts: '/r/uts', user: '/r/user' } }
const RUNC = { path: '/usr/sbin/runc', state: '/run/x/runtime' }
const NETWORK = {
  plugins: '/usr/lib/cni',
  podCIDR: '10.244.0.0/16',
  paths: { bridge: 'rc-01234567', table: 'reconcile-01234567', addresses: '/run/x/addresses' },
}
const ATTACHMENT = { uid: podUid('u-1'), netns: '/r/net' }

test('one command makes and pins the namespaces that a pod has of its own, and gives it an address', () => {
  const pins = pinArguments(PINS, { hostNetwork: false, hostIPC: false })
  const plugin = { argv: ['/usr/lib/cni/bridge'], stdin: '{}', env: { CNI_COMMAND: 'ADD' } } as const
  expect(hookAttachCommand('/h.sh', '/r', plugin, pins)).toEqual({
    argv: [
      '/bin/sh',
      '/h.sh',
      'attach',
      '/r',
      '/usr/lib/cni/bridge',
      '--net=/r/net',
      '--uts=/r/uts',
      '--ipc=/r/ipc',
    ],
    stdin: '{}',
    env: { CNI_COMMAND: 'ADD' },
  })
  expect(pinArguments(PINS, { hostNetwork: true, hostIPC: false })).toEqual(['--ipc=/r/ipc'])
  expect(hookDetachCommand('/h.sh', '/r', undefined, ['/r/ipc']).argv).toEqual([
    ...['/bin/sh', '/h.sh', 'detach', '/r', '', '/r/ipc'],
  ])
})

test('what must not run beside another command of the pod runs under its lock', () => {
  expect(locked('/r/lock', unmountCommand(['/r/net', '/r/ipc'])).argv).toEqual([
    ...['flock', '--no-fork', '/r/lock'],
    ...['umount', '--lazy', '/r/net', '/r/ipc'],
  ])
})

test('the bridge plugin is asked for an address in the root’s range', () => {
  const command = bridgeCommand('ADD', NETWORK, ATTACHMENT)
  expect(command.argv).toEqual(['/usr/lib/cni/bridge'])
  expect(command.env).toEqual({
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'u-1',
    CNI_NETNS: '/r/net',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/usr/lib/cni',
  })
  expect(JSON.parse(String(command.stdin))).toEqual({
    cniVersion: '0.4.0',
    name: 'reconcile-01234567',
    type: 'bridge',
    bridge: 'rc-01234567',
    isDefaultGateway: true,
    hairpinMode: true,
    ipMasq: false,
    ipam: { type: 'host-local', dataDir: '/run/x/addresses', ranges: [[{ subnet: '10.244.0.0/16' }]] },
  })
})

test('the bridge plugin gives a pod an address of each range, and is asked for those that it had', () => {
  const both = { ...NETWORK, podCIDR: '10.244.0.0/16,fd00:244::/64' }
  const addresses = ['10.244.0.7', 'fd00:244::7']
  const { stdin } = bridgeCommand('ADD', both, { ...ATTACHMENT, addresses })
  expect(JSON.parse(String(stdin))).toMatchObject({
    ipam: { ranges: [[{ subnet: '10.244.0.0/16' }], [{ subnet: 'fd00:244::/64' }]] },
    args: { cni: { ips: addresses } },
  })
})

test('the portmap plugin is given the ports and the bridge plugin’s result', () => {
  const mappings = [{ hostPort: 8080, containerPort: 80, protocol: 'TCP', hostIP: '127.0.0.1' }] as const
  const command = portmapCommand('ADD', NETWORK, ATTACHMENT, mappings, { cniVersion: '0.4.0' })
  expect(JSON.parse(String(command.stdin))).toMatchObject({
    type: 'portmap',
    snat: true,
    runtimeConfig: {
      portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '127.0.0.1' }],
    },
    prevResult: { cniVersion: '0.4.0' },
  })
})

test('a plugin’s result holds the address, its failure the reason', () => {
  const result =
    '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.244.0.7/16","gateway":"10.244.0.1"}]}'
  expect(parseAddresses(result)).toEqual(['10.244.0.7'])
  const both =
    '{"ips":[{"version":"4","address":"10.244.0.7/16"},{"version":"6","address":"fd00:244::7/64"}]}'
  expect(parseAddresses(both)).toEqual(['10.244.0.7', 'fd00:244::7'])
  expect(parseAddresses('{}')).toEqual([])
  const failed = {
    exitCode: 1,
    stdout: '{"code":999,"msg":"no addresses left"}',
    stderr: '',
    timedOut: false,
  }
  expect(parsePluginError(failed)).toBe('no addresses left')
  expect(parsePluginError({ ...failed, stdout: '', stderr: 'boom\n' })).toBe('boom')
})

test('one nftables table lets all pods out, and can be loaded again and again', () => {
  expect(masqueradeCommand('/usr/sbin/nft', 'reconcile-01234567', { podCIDR: '10.244.0.0/16' })).toEqual({
    argv: ['/usr/sbin/nft', '-f', '-'],
    stdin: `add table ip reconcile-01234567
add chain ip reconcile-01234567 postrouting { type nat hook postrouting priority 100; policy accept; }
flush chain ip reconcile-01234567 postrouting
add rule ip reconcile-01234567 postrouting ip saddr 10.244.0.0/16 ip daddr != { 10.244.0.0/16, 224.0.0.0/4 } masquerade
`,
  })
  expect(dropTables('nft', ['ip t']).stdin).toBe('add table ip t\ndelete table ip t\n')
})

test('the hook’s verbs', () => {
  expect(hookStartCommand('/h.sh', '/d/rule', 2, 0).argv).toEqual([
    '/bin/sh',
    '/h.sh',
    'start',
    '/d/rule',
    '2',
    '0',
  ])
  expect(hookDisarmCommand('/h.sh', { directory: '/d', run: '/r' }).argv).toEqual([
    ...['/bin/sh', '/h.sh', 'disarm', '/d', '/r'],
  ])
  expect(hookReleaseCommand('/h.sh', '/r', ['/d/a/rule', '/d/b/rule']).argv).toEqual([
    ...['/bin/sh', '/h.sh', 'release', '/r', '/d/a/rule', '/d/b/rule'],
  ])
})

test('the OCI runtime’s verbs', () => {
  const root = ['/usr/sbin/runc', '--root', '/run/x/runtime']
  expect(execCommand(RUNC, 'c', { command: ['ls', '-l'], tty: true }).argv).toEqual([
    ...root,
    'exec',
    '--tty',
    'c',
    'ls',
    '-l',
  ])
  expect(execCommand(RUNC, 'c', { command: ['ls'], tty: false, pidFile: '/p', timeoutMs: 5 })).toEqual({
    argv: [...root, 'exec', '--pid-file', '/p', 'c', 'ls'],
    timeoutMs: 5,
  })
  expect(deleteCommand(RUNC, 'c').argv).toEqual([...root, 'delete', '--force', 'c'])
  expect(deleteCommand({ ...RUNC, isGroupless: true }, 'c').argv).toEqual([
    ...[...root, '--cgroup-manager=disabled', 'delete', '--force', 'c'],
  ])
  expect(runDetachedCommand(RUNC, '/b', '/p', 'c').argv).toEqual([
    ...[...root, 'run', '--detach', '--bundle', '/b', '--pid-file', '/p', 'c'],
  ])
  expect(parseVersion('runc version 1.1.5+ds1\ncommit: x\n')).toBe('1.1.5+ds1')
})

test('a tmpfs volume has its limit', () => {
  expect(memoryCommand('/v', 1024).argv).toEqual([
    'mount',
    '-t',
    'tmpfs',
    '-o',
    'mode=0777,size=1024',
    'tmpfs',
    '/v',
  ])
  expect(memoryCommand('/v', undefined).argv).toContain('mode=0777')
})

test('a failed command tells what was done, which program, what it said, and what to do about a full disk', () => {
  const failing = { reason: 'FailedMount', doing: 'making volume v' }
  const result = { exitCode: 32, stdout: '', stderr: 'mount: No space left on device\n', timedOut: false }
  const failure = commandFailure(locked('/lock', { argv: ['/bin/mount', '/v'] }), result, failing)
  expect(failure).toMatchObject({ reason: 'FailedMount', certain: false })
  expect(failure.message).toBe(
    'making volume v: mount ended with 32: mount: No space left on device; the disk is full: free some space',
  )
})

test('processors are counted from the kernel’s ranges', () => {
  expect(['0\n', '0-3\n', '0-3,6\n'].map(countCpus)).toEqual([1, 4, 5])
})
