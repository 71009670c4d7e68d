import { execa } from 'execa'
import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { Lane, NoLane } from '../../engine/transport/lane.ts'

const LANE = new URL('../../engine/transport/lane.pl', import.meta.url).pathname

/** One command in the lane's language, without variables and without input. */
function request(id: number, argv: readonly string[]): string {
  const body = argv.map((word) => `${word}\0`).join('')
  return `${id} ${Buffer.byteLength(body)} ${argv.length} 0 -\n${body}`
}

test('it ends when nobody reads its answers any more, though the way in is open', async () => {
  const lane = execa('perl', [LANE], { reject: false, buffer: false })
  lane.stdout.destroy()
  lane.stdin.write(request(1, ['sh', '-c', 'sleep 0.2; echo said']))
  expect((await lane).exitCode).toBe(0)
})

test('it ends with its way in, and what it has begun goes on', async () => {
  const lane = execa('perl', [LANE], { reject: false })
  lane.stdin.end(request(1, ['sleep', '30']))
  const { exitCode, stdout } = await lane
  expect(exitCode).toBe(0)
  const pid = Number(stdout.split('\n')[1])
  expect(() => process.kill(pid, 'SIGKILL')).not.toThrow()
})

test('what is on its way tells itself from what nobody answers', async () => {
  const child = spawn('sh', ['-c', 'printf "r 1 10\\n12345"; read line; printf 67890; sleep 30'])
  const lane = new Lane({ child, send: () => undefined, gone: () => new NoLane('it has ended') })
  onTestFinished(() => void child.kill('SIGKILL'))
  const told = Promise.withResolvers<string>()
  lane.ask(() => Buffer.alloc(0), {
    told: (_, body) => {
      told.resolve(body.toString())
      return true
    },
    lost: told.reject,
  })
  await expect.poll(() => lane.transferred, { timeout: 10_000 }).toBe('r 1 10\n12345'.length)
  child.stdin.write('\n')
  expect(await told.promise).toBe('1234567890')
  expect(lane.transferred).toBeUndefined()
})
