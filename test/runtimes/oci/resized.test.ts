import { expect, test } from 'vitest'
import { updateResourcesCommand } from '../../../engine/runtimes/oci/runtimeCommands.ts'
import { withCpuLimit, withResources } from '../../../engine/runtimes/oci/spec/resized.ts'

const PROGRAM = { path: '/usr/sbin/runc', state: '/run/x/runtime' }

test('runc and crun are told of cpu and memory; a limit that there is none of is left out', () => {
  const wish = { cpuShares: 512, cpuQuotaUs: 50_000, memoryLimitBytes: 1024 }
  expect(updateResourcesCommand(PROGRAM, 'u-app', wish).argv.join(' ')).toBe(
    '/usr/sbin/runc --root /run/x/runtime update --cpu-share 512 --cpu-period 100000 --cpu-quota 50000 --memory 1024 u-app',
  )
  expect(updateResourcesCommand(PROGRAM, 'u-app', { cpuShares: 2 }).argv.join(' ')).toBe(
    '/usr/sbin/runc --root /run/x/runtime update --cpu-share 2 u-app',
  )
})

test('what a container starts with the next time has them, and all else as it was', () => {
  const before = {
    process: { args: ['sh'] },
    linux: {
      cgroupsPath: '/x',
      resources: { devices: [], cpu: { shares: 2, cpus: '3' }, pids: { limit: 9 } },
    },
  }
  const wish = { cpuShares: 512, cpuQuotaUs: 50_000, memoryLimitBytes: 1024 }
  expect(JSON.parse(withResources(JSON.stringify(before), wish))).toEqual({
    process: { args: ['sh'] },
    linux: {
      cgroupsPath: '/x',
      resources: {
        devices: [],
        cpu: { shares: 512, cpus: '3' },
        memory: { limit: 1024 },
        pids: { limit: 9 },
      },
    },
  })
})

test('its rule has the time of processors from the next start on, whether it had one or not', () => {
  const limit = { file: '/g/cpu.max', value: '50000 100000' }
  const wanted = 'version=1\nid=a\ncpu_file=/g/cpu.max\ncpu_limit=50000 100000\n'
  expect(withCpuLimit('version=1\ncpu_file=/g/cpu.max\ncpu_limit=1 2\nid=a\n', limit)).toBe(wanted)
  expect(withCpuLimit('version=1\nid=a\n', limit)).toBe(wanted)
})
