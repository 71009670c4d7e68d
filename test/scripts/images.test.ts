import { execa } from 'execa'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildImage } from '../../scripts/images/build.ts'
import { sampleImages } from '../../scripts/images/samples.ts'
import { runningServer, startServer, stopServer } from '../../scripts/registry/server.ts'
import { createWorld, inOverlay } from '../runtimes/oci/images/support.ts'

function temporary(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'reconcile-scripts-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

test('the same source makes the same image, byte for byte', () => {
  const digests = (): readonly string[] => [...sampleImages().values()].map((image) => image.manifest.digest)
  expect(digests()).toEqual(digests())
  const one = buildImage({ layers: [{ entries: [{ kind: 'file', path: 'a', content: 'x' }] }] })
  const two = buildImage({ layers: [{ entries: [{ kind: 'file', path: 'a', content: 'y' }] }] })
  expect(one.manifest.digest).not.toBe(two.manifest.digest)
})

test('a registry that runs is started once, and stopped once', async () => {
  using folder = temporary()
  const server = await startServer({ directory: folder.path })
  try {
    expect(await startServer({ directory: folder.path })).toEqual(server)
    await expect(startServer({ directory: folder.path, port: server.port + 1 })).rejects.toThrow(
      `on port ${server.port}`,
    )
  } finally {
    expect(await stopServer(folder.path)).toBe(true)
  }
  expect(runningServer(folder.path)).toBeUndefined()
  expect(await stopServer(folder.path)).toBe(false)
})

test('a pid that belongs to another program by now is not ended', async () => {
  using folder = temporary()
  writeFileSync(join(folder.path, 'pid'), `${process.pid} 5000\n`)
  expect(await stopServer(folder.path)).toBe(false)
})

test('a port that is taken is said to be', async () => {
  using folder = temporary()
  using other = temporary()
  const server = await startServer({ directory: folder.path })
  try {
    await expect(startServer({ directory: other.path, port: server.port })).rejects.toThrow(
      /did not start on port .*address already in use/s,
    )
  } finally {
    await stopServer(folder.path)
  }
})

test('the scripts bring up a registry with images that run', async () => {
  using folder = temporary()
  const registry = new URL('../../scripts/registry.ts', import.meta.url).pathname
  const images = new URL('../../scripts/images.ts', import.meta.url).pathname
  const port = await unusedPort()
  const url = (await execa(process.execPath, [registry, 'start', '--port', port, '--dir', folder.path]))
    .stdout
  try {
    expect(url).toBe(`http://127.0.0.1:${port}`)
    const names = (await execa(process.execPath, [images, url])).stdout.split('\n')
    expect(names).toEqual([...sampleImages().keys()])

    using world = createWorld({ mirrors: { 'docker.io': [url] } })
    const infos = await Promise.all(names.map(async (name) => await world.pull(name)))
    expect(infos).toHaveLength(names.length)
    // A second one on the same port ends with a message; it does not wait for the first to go.
    using other = temporary()
    const second = [registry, 'start', '--port', port, '--dir', other.path]
    const refused = await execa(process.execPath, second, { reject: false })
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/address already in use/) })
    const layers = await world.store.resolve((await world.pull('reconcile/layers')).id)
    expect(inOverlay(layers?.layerDirs ?? [], 'chroot . /bin/find /data | sort')).toBe(
      '/data\n/data/hidden\n/data/hidden/new\n/data/kept\n',
    )
    const web = await world.store.resolve((await world.pull('reconcile/web:2')).id)
    expect(inOverlay(web?.layerDirs ?? [], 'VERSION=2 chroot . /www/cgi-bin/index.cgi')).toMatch(
      /\r\n\r\nweb 2 on /,
    )
  } finally {
    await execa(process.execPath, [registry, 'stop', '--dir', folder.path])
  }
  expect(existsSync(join(folder.path, 'pid'))).toBe(false)
})

async function unusedPort(): Promise<string> {
  using folder = temporary()
  const { port } = await startServer({ directory: folder.path })
  await stopServer(folder.path)
  return String(port)
}
