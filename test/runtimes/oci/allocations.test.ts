import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { podUid } from '../../../engine/api/names.ts'
import { rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import type { AllocationContext } from '../../../engine/runtimes/oci/pods/allocations.ts'
import { allocate, giveBack } from '../../../engine/runtimes/oci/pods/allocations.ts'
import { localTransport } from '../../../engine/transport/local.ts'

const UID = podUid('11111111-1111-1111-1111-111111111111')
const WISH = { exclusiveCpus: { main: 1 } }

let folder: string
let context: AllocationContext

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reconcile-allocations-'))
  const paths = await rootPaths(localTransport(), join(folder, 'root'), join(folder, 'run'))
  for (const path of [`${paths.pods}/${UID}`, `${paths.runtimeState}/other`])
    mkdirSync(path, { recursive: true })
  const program = { path: join(folder, 'runtime'), state: paths.runtimeState }
  const features = {
    oomScoreAdjMin: 0,
    appArmor: false,
    appArmorDefault: undefined,
    seLinux: false,
    lxcfs: undefined,
    disk: undefined,
    mountAttributes: false,
    idMapper: undefined,
    cpus: [0, 1],
  }
  context = { transport: localTransport(), paths, facts: { features, program } }
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Before it is there, telling a container of its cpus is cut off. */
function installRuntime(): void {
  const script = `#!/bin/sh\necho "$@" >> ${folder}/told\n`
  writeFileSync(context.facts.program.path, script, { mode: 0o755 })
}

function told(): readonly string[] {
  const file = join(folder, 'told')
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
}

const update = (cpus: string): string =>
  `--root ${context.paths.runtimeState} update --cpuset-cpus ${cpus} other`

test('when taking a cpu away from the others is cut off, it is done again', async () => {
  await expect(allocate(context, UID, WISH)).rejects.toThrow(/runtime/)
  installRuntime()
  expect(await allocate(context, UID, WISH)).toEqual({ cpus: { main: [1] } })
  expect(told()).toEqual([update('0')])
  await allocate(context, UID, WISH)
  expect(told(), 'what all have been told is not told again').toHaveLength(1)
})

test('when giving a cpu back is cut off, it is done again', async () => {
  installRuntime()
  await allocate(context, UID, WISH)
  rmSync(context.facts.program.path)
  await expect(giveBack(context, UID)).rejects.toThrow(/runtime/)
  installRuntime()
  await giveBack(context, UID)
  await giveBack(context, UID)
  expect(told()).toEqual([update('0'), update('0,1')])
  expect(readFileSync(context.paths.sharedCpus, 'utf8')).toBe('')
})

test('who takes a cpu and is gone before the others were told of it leaves nothing taken', async () => {
  await expect(allocate(context, UID, WISH)).rejects.toThrow(/runtime/)
  installRuntime()
  await giveBack(context, UID)
  expect(told()).toEqual([update('0,1')])
  expect(readFileSync(context.paths.sharedCpus, 'utf8')).toBe('')
})
