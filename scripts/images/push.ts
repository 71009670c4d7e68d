import type { Blob, BuiltImage } from './build.ts'

export interface PushTarget {
  /** `http://127.0.0.1:5000` */
  readonly url: string
  /** `user:password` */
  readonly login?: string
}

/** Puts an image, or an index with its images, under a name such as `library/busybox:1.36`. */
export async function pushImage(target: PushTarget, name: string, image: BuiltImage): Promise<void> {
  const colon = name.lastIndexOf(':')
  const repository = name.slice(0, colon)
  for (const part of image.parts) {
    await pushBlobs(target, repository, part)
    await pushManifest(target, repository, part.manifest.digest, part.manifest)
  }
  await pushBlobs(target, repository, image)
  await pushManifest(target, repository, name.slice(colon + 1), image.manifest)
}

async function pushBlobs(target: PushTarget, repository: string, image: BuiltImage): Promise<void> {
  await Promise.all(image.blobs.map(async (blob) => await pushBlob(target, repository, blob)))
}

async function pushBlob(target: PushTarget, repository: string, blob: Blob): Promise<void> {
  const base = `${target.url}/v2/${repository}/blobs`
  const head = await fetch(`${base}/${blob.digest}`, { method: 'HEAD', headers: login(target) })
  if (head.ok) return
  const upload = await answered(fetch(`${base}/uploads/`, { method: 'POST', headers: login(target) }))
  const location = new URL(upload.headers.get('location') ?? '', target.url)
  location.searchParams.set('digest', blob.digest)
  await answered(fetch(location, { method: 'PUT', headers: login(target), body: blob.content }))
}

async function pushManifest(
  target: PushTarget,
  repository: string,
  tag: string,
  manifest: Blob,
): Promise<void> {
  const url = `${target.url}/v2/${repository}/manifests/${tag}`
  const headers = { ...login(target), 'content-type': manifest.mediaType }
  await answered(fetch(url, { method: 'PUT', headers, body: manifest.content }))
}

function login(target: PushTarget): Record<string, string> {
  if (target.login === undefined) return {}
  return { authorization: `Basic ${Buffer.from(target.login).toString('base64')}` }
}

async function answered(request: Promise<Response>): Promise<Response> {
  const response = await request
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`)
  await response.arrayBuffer()
  return response
}
