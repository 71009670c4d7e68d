import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LOG_LIMITS } from '../../../../engine/api/logLimits.ts'
import type { PodUid } from '../../../../engine/api/names.ts'
import type { Runtime } from '../../../../engine/runtimes/runtime.ts'
import { eventually } from '../../../support/engine.ts'
import { ownNode } from '../ownNode.ts'
import type { TestNode } from '../support.ts'

const NEVER = { policy: 'Never', delaysSeconds: [0], resetAfterSeconds: 600 } as const
const KIB = 1024

let node: TestNode

ownNode((own) => {
  node = own
})

/** Numbered lines, `perBurst` of them every hundredth of a second. */
function numbered(lines: number, perBurst: number): readonly string[] {
  const text = 'some text, as long as that of a program that tells what it is asked for'
  const script = `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i ${text}"; [ $((i % ${perBurst})) != 0 ] || usleep 10000; done`
  return ['sh', '-c', script]
}

/** As the engine does while it runs. */
async function keptUntil(
  runtime: Runtime,
  uid: PodUid,
  bytesMax: number,
  filesMax: number,
  end: AbortSignal,
) {
  let largest = 0
  while (!end.aborted) {
    const containers = [{ uid, container: 'main', attempt: 0 }]
    const waitMs = await runtime.keepLogs({ containers, limits: { bytesMax, filesMax } })
    largest = Math.max(largest, diskBytes(uid))
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
  return largest
}

function files(uid: PodUid, attempt = 0): readonly string[] {
  return readdirSync(join(node.root, 'pods', uid, 'containers/main', String(attempt))).filter((name) =>
    name.startsWith('log'),
  )
}

/** Two names of one file count once. */
function diskBytes(uid: PodUid, attempt = 0): number {
  const found = files(uid, attempt).flatMap((name) => {
    const path = join(node.root, 'pods', uid, 'containers/main', String(attempt), name)
    const status = statSync(path, { throwIfNoEntry: false })
    return status === undefined ? [] : [[status.ino, status.size] as const]
  })
  return [...new Map(found).values()].reduce((sum, size) => sum + size, 0)
}

async function numbersOf(lines: AsyncIterable<{ readonly text: string }>): Promise<readonly number[]> {
  const numbers: number[] = []
  for await (const { text } of lines) numbers.push(Number(/^line (\d+) /.exec(text)?.[1]))
  return numbers
}

test('10,000 lines a second over several rotations: a reader that follows gets each line once, and disk use is bounded', async () => {
  const count = 40_000
  const bytesMax = 1024 * KIB
  const request = { restart: NEVER, logBytesMax: bytesMax }
  const uid = await node.start(numbered(count, 150), request)
  const end = new AbortController()
  const keeping = keptUntil(node.runtime, uid, bytesMax, 5, end.signal)
  const follow = { uid, container: 'main', previous: false, follow: true }
  const skipped: string[] = []
  const numbers = await numbersOf(node.runtime.logs({ ...follow, skipped: () => skipped.push('some lines') }))
  end.abort()
  const largest = await keeping
  expect(skipped).toEqual([])
  expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  expect(Math.max(...files(uid).map((name) => Number(/\d+/.exec(name)?.[0] ?? 0)))).toBeGreaterThan(4)
  expect(largest).toBeLessThanOrEqual(6 * bytesMax)
  const last = await numbersOf(node.runtime.logs({ ...follow, follow: false, tailLines: 8000 }))
  expect(last).toEqual(Array.from({ length: 8000 }, (_, index) => count - 8000 + index + 1))
  await node.remove(uid)
})

test('what is begun with a larger limit is begun anew when conmon is asked to, and no line is lost', async () => {
  const count = 8_000
  const uid = await node.start(numbered(count, 50), { restart: NEVER })
  const end = new AbortController()
  const keeping = keptUntil(node.runtime, uid, 64 * KIB, 1000, end.signal)
  const follow = { uid, container: 'main', previous: false, follow: true }
  const numbers = await numbersOf(node.runtime.logs(follow))
  end.abort()
  await keeping
  expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  expect(files(uid).length).toBeGreaterThan(4)
  expect(await numbersOf(node.runtime.logs({ ...follow, follow: false }))).toEqual(numbers)
  await node.remove(uid)
})

test('with no engine there, conmon’s own ceiling holds, and the newest lines are there', async () => {
  const count = 30_000
  const uid = await node.start(numbered(count, 1000), { restart: NEVER, logBytesMax: 256 * KIB })
  await node.runtime.keepLogs({
    containers: [{ uid, container: 'main', attempt: 0 }],
    limits: { bytesMax: 256 * KIB, filesMax: LOG_LIMITS.filesMax },
  })
  await node.until(uid, ({ state }) => state.kind === 'exited')
  expect(diskBytes(uid)).toBeLessThanOrEqual(3 * 256 * KIB)
  const numbers = await numbersOf(
    node.runtime.logs({ uid, container: 'main', previous: false, follow: false }),
  )
  expect(numbers.at(-1)).toBe(count)
  expect(numbers.toSorted((a, b) => a - b)).toEqual([...new Set(numbers)])
  await node.remove(uid)
  expect(() => files(uid)).toThrow('ENOENT')
})

test('after a restart both runs together stay within the limits, and the end of the one before can be read', async () => {
  const [shell = '', flag = '', script = ''] = numbered(4000, 500)
  const command = [shell, flag, `${script}; [ -e /data/again ] && exec sleep 1000; touch /data/again`]
  const always = { policy: 'Always', delaysSeconds: [0], resetAfterSeconds: 600 } as const
  const mount = { volume: 'data', mountPath: '/data', readOnly: false, propagation: 'private' } as const
  const uid = await node.start(
    command,
    { restart: always, logBytesMax: 64 * KIB, mounts: [mount] },
    { volumes: [{ kind: 'emptyDir', name: 'data', medium: '' }] },
  )
  const limits = { bytesMax: 64 * KIB, filesMax: 5 }
  const keep = async (attempt: number) =>
    await node.runtime.keepLogs({ containers: [{ uid, container: 'main', attempt }], limits })
  await keep(0)
  await node.until(uid, ({ attempt }) => attempt === 1)
  await keep(1)
  const read = (previous: boolean) => ({ uid, container: 'main', previous, follow: false, tailLines: 1 })
  await eventually(
    async () => (await numbersOf(node.runtime.logs(read(false))))[0],
    (last) => last === 4000,
  )
  await keep(1)
  expect(diskBytes(uid, 0) + diskBytes(uid, 1)).toBeLessThanOrEqual(5 * 64 * KIB)
  expect(await numbersOf(node.runtime.logs(read(true)))).toEqual([4000])
  await node.remove(uid)
})

test('a 50 MB log is read in a little memory', async () => {
  const uid = await node.start(['sleep', '1000'])
  const log = join(node.root, 'pods', uid, 'containers/main/0/log')
  const line = `2026-11-21T09:00:00.000000001+00:00 stdout F ${'x'.repeat(80)}\\n`
  await node.transport.run({
    argv: ['sh', '-c', `yes '${line.slice(0, -2)}' | head -c 52428800 > ${log}`],
  })
  const before = process.memoryUsage().rss
  let lines = 0
  let most = 0
  for await (const { text } of node.runtime.logs({
    uid,
    container: 'main',
    previous: false,
    follow: false,
  })) {
    lines += text.length === 80 ? 1 : 0
    if (lines % 10_000 === 0) most = Math.max(most, process.memoryUsage().rss - before)
  }
  expect(lines).toBe(Math.floor(52_428_800 / 126))
  expect(most).toBeLessThan(48 * KIB * KIB)
  await node.remove(uid)
})
