import { expect, onTestFinished, test } from 'vitest'
import { busyboxLayer } from '../../scripts/images/busybox.ts'
import { World } from '../support/engine.ts'
import { files, logs, scriptPod } from '../support/pods.ts'
import { buildImage, startRegistry } from '../support/registry.ts'
import { RUNTIME } from '../support/runtimes.ts'

/** What the overlay driver of docker stacks when it builds. */
const MOST_BUILT = 127
/** What docker takes from a registry (maxLayerDepth of moby's layer store). */
const MOST_PULLED_BY_DOCKER = 125

async function worldWith(layers: number): Promise<World> {
  const registry = await startRegistry({ images: 'none' })
  onTestFinished(async () => await registry[Symbol.asyncDispose]())
  const world = await World.create({ registry: registry.url })
  const uppers = Array.from({ length: layers - 1 }, (_, n) => ({
    entries: [{ kind: 'file', path: `layer-${n}`, content: String(n) }] as const,
    compression: 'none' as const,
  }))
  await registry.push('team/layers:1', buildImage({ layers: [{ entries: busyboxLayer() }, ...uppers] }))
  return world
}

test('an image of as many layers as are taken runs, and shows the files of all of them', async () => {
  const layers = RUNTIME === 'docker' ? MOST_PULLED_BY_DOCKER : MOST_BUILT
  await using world = await worldWith(layers)
  const script = 'ls -d /layer-* | wc -l; echo kept > /written; cat /written'
  await world.commit(files(scriptPod('layers', script, { image: 'team/layers:1' })))
  const run = await world.once()
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
  expect(await logs(world, 'layers')).toBe(`${layers - 1}\nkept`)
}, 120_000)

test.runIf(RUNTIME === 'docker')(
  'an image of more layers than docker takes is given up with the reason, and what to do',
  async () => {
    await using world = await worldWith(MOST_PULLED_BY_DOCKER + 1)
    await world.commit(files(scriptPod('layers', 'exec sleep 1000', { image: 'team/layers:1' })))
    const run = await world.once()
    expect(run.exitCode).toBe(1)
    expect(run.stderr + run.stdout).toContain("the image has more layers than the node's docker takes")
    expect(run.stderr + run.stdout).toContain('build it with fewer, or run it on an oci or podman node')
  },
  120_000,
)
