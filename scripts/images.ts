#!/usr/bin/env node
import { pushImage } from './images/push.ts'
import { sampleImages } from './images/samples.ts'

const USAGE = `usage: images.ts URL     pushes the sample images to a registry, such as http://127.0.0.1:5000`

const [url, ...rest] = process.argv.slice(2)
if (url === undefined || rest.length > 0 || !/^https?:\/\//.test(url)) {
  console.error(USAGE)
  process.exitCode = 3
} else {
  const samples = [...sampleImages()]
  // One after the other: the images share a layer, and docker-registry sometimes refuses uploads of one blob side by side.
  for (const [name, image] of samples) await pushImage({ url }, name, image)
  for (const [name] of samples) console.log(name)
}
