import { expect, test } from 'vitest'
import { busyboxLayer } from '../../scripts/images/busybox.ts'
import { World } from '../support/engine.ts'
import { files, logs, scriptPod } from '../support/pods.ts'
import { buildImage, startRegistry } from '../support/registry.ts'

/** Docker's limit is 127. */
const LAYERS = 127

test('an image of as many layers as Docker makes runs, and shows the files of all of them', async () => {
  await using registry = await startRegistry({ images: 'none' })
  await using world = await World.create({ registry: registry.url })
  const uppers = Array.from({ length: LAYERS - 1 }, (_, n) => ({
    entries: [{ kind: 'file', path: `layer-${n}`, content: String(n) }] as const,
    compression: 'none' as const,
  }))
  await registry.push('team/layers:1', buildImage({ layers: [{ entries: busyboxLayer() }, ...uppers] }))
  const script = 'ls -d /layer-* | wc -l; echo kept > /written; cat /written'
  await world.commit(files(scriptPod('layers', script, { image: 'team/layers:1' })))
  const run = await world.once()
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
  expect(await logs(world, 'layers')).toBe(`${LAYERS - 1}\nkept`)
}, 120_000)
