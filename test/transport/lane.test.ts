import { execa } from 'execa'
import { expect, test } from 'vitest'

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
