import { expect, test } from 'vitest'
import { type World, eventually } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { runningContainers } from '../support/containers.ts'
import { containerOf } from '../support/pods.ts'
import { differsIn } from '../support/runtimes.ts'

let world: World

ownWorld((own) => {
  world = own
})

const POD = `apiVersion: v1
kind: Pod
metadata: {name: phoenix}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: main, image: "busybox:1.36", command: ["sleep", "3600"]}
`

/** The container's own process, once it is the only one and another than `before`: a monitor has runc, and afterwards the hook, below it for a while. */
async function running(before?: number): Promise<number> {
  const own = async () =>
    (await runningContainers(world.root)).flatMap(({ command, pid }) =>
      command === 'sleep 3600' ? [pid] : [],
    )
  const [pid = 0] = await eventually(own, (pids) => pids.length === 1 && pids[0] !== before)
  return pid
}

/** Kills the container's process. Resolves to its number. */
async function kill(): Promise<number> {
  const victim = await running()
  process.kill(victim, 'SIGKILL')
  return victim
}

/** From the container's end to its successor. */
async function backAfterMs(): Promise<number> {
  const victim = await kill()
  const began = performance.now()
  await running(victim)
  return performance.now() - began
}

/** The seconds that are waited after this attempt; undefined when nobody waits. */
async function delayAfter(attempt: number): Promise<string | undefined> {
  const { restartCount, state } = containerOf(await world.pod('phoenix'))
  const said = String(state['waiting']?.['message'])
  return restartCount === attempt
    ? /^back-off (\d+)s restarting failed container=main/.exec(said)?.[1]
    : undefined
}

test('with no engine running, a killed container is back at once, then after 10 s, then after 20 s', async () => {
  await world.commit({ 'pod.yaml': POD })
  expect((await world.once()).exitCode).toBe(0)
  expect(await backAfterMs()).toBeLessThan(10_000)
  if (differsIn('status.containerStatuses[].state.waiting: CrashLoopBackOff')) {
    expect(await backAfterMs()).toBeLessThan(10_000)
    const told = await eventually(
      async () => containerOf(await world.pod('phoenix')),
      ({ restartCount, state }) => restartCount === 2 && state['running'] !== undefined,
    )
    expect(told.lastState).toMatchObject({ terminated: { exitCode: 137 } })
    return
  }
  expect(await backAfterMs()).toBeGreaterThanOrEqual(10_000)
  await kill()
  expect(
    await eventually(
      () => delayAfter(2),
      (delay) => delay !== undefined,
    ),
  ).toBe('20')
  const status = (await world.pod('phoenix')).status.containerStatuses?.[0]
  expect(status).toMatchObject({
    restartCount: 2,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 137, reason: 'Error' } },
  })
  const shown = await world.run('status')
  expect(shown.stdout).toMatch(/phoenix.*\b2\b/)
}, 120_000)
