import { expect, test } from 'vitest'
import { busyboxLayer } from '../../scripts/images/busybox.ts'
import { World } from '../support/engine.ts'
import { files, logs, scriptPod } from '../support/pods.ts'
import { buildImage, startRegistry } from '../support/registry.ts'
import { RUNTIME } from '../support/runtimes.ts'

/** What the overlay driver of docker stacks when it builds. */
const MOST_BUILT = 127
/** What docker takes from a registry (maxLayerDepth of moby's layer store). */
const MOST_PULLED_BY_DOCKER = 125

function imageOf(layers: number): ReturnType<typeof buildImage> {
  const uppers = Array.from({ length: layers - 1 }, (_, n) => ({
    entries: [{ kind: 'file', path: `layer-${n}`, content: String(n) }] as const,
    compression: 'none' as const,
  }))
  return buildImage({ layers: [{ entries: busyboxLayer() }, ...uppers] })
}

test('an image of as many layers as docker makes runs, and shows the files of all of them; docker itself takes two less, and says so', async () => {
  await using registry = await startRegistry({ images: 'none' })
  await using world = await World.create({ registry: registry.url })
  const runs = async (layers: number) => {
    await registry.push(`team/layers:${layers}`, imageOf(layers))
    const script = 'ls -d /layer-* | wc -l; echo kept > /written; cat /written'
    await world.commit(files(scriptPod('layers', script, { image: `team/layers:${layers}` })))
    return await world.once()
  }
  let most = MOST_BUILT
  let run = await runs(most)
  if (RUNTIME === 'docker') {
    const said = run.stderr + run.stdout
    expect(run.exitCode, said).toBe(1)
    expect(said).toContain("the image has more layers than the node's docker takes")
    expect(said).toContain('build it with fewer, or run it on an oci or podman node')
    most = MOST_PULLED_BY_DOCKER
    run = await runs(most)
  }
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
  expect(await logs(world, 'layers')).toBe(`${most - 1}\nkept`)
}, 120_000)
