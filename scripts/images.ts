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
  await Promise.all(samples.map(async ([name, image]) => await pushImage({ url }, name, image)))
  for (const [name] of samples) console.log(name)
}
