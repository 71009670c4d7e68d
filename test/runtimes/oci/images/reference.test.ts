import { expect, test } from 'vitest'
import {
  isLoopback,
  parseReference,
  referenceText,
} from '../../../../engine/runtimes/oci/images/reference.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test.each([
  ['busybox', 'docker.io/library/busybox:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36'],
  ['someone/app', 'docker.io/someone/app:latest'],
  ['docker.io/busybox', 'docker.io/library/busybox:latest'],
  ['index.docker.io/library/busybox:1', 'docker.io/library/busybox:1'],
  ['registry.example/app', 'registry.example/app:latest'],
  ['registry.example/a/b/c:v1.0-rc.1', 'registry.example/a/b/c:v1.0-rc.1'],
  ['localhost/app', 'localhost/app:latest'],
  ['localhost:5000/app', 'localhost:5000/app:latest'],
  ['127.0.0.1:5000/app:2', '127.0.0.1:5000/app:2'],
  ['[::1]:5000/app', '[::1]:5000/app:latest'],
  ['UPPER/app', 'UPPER/app:latest'],
  [`busybox@${DIGEST}`, `docker.io/library/busybox@${DIGEST}`],
  [`busybox:1.36@${DIGEST}`, `docker.io/library/busybox@${DIGEST}`],
  ['a__b/c--d/e.f_g', 'docker.io/a__b/c--d/e.f_g:latest'],
])('%s stands for %s', (written, full) => {
  const reference = parseReference(written)
  expect(typeof reference === 'string' ? reference : referenceText(reference)).toBe(full)
})

test.each([
  ['', 'the name is empty'],
  ['busybox:', '"" is not a tag'],
  ['busybox:a b', '"a b" is not a tag'],
  ['busybox:-x', '"-x" is not a tag'],
  ['registry.example/Busybox', 'a repository is written in lower case'],
  ['Busybox', 'a repository is written in lower case'],
  ['a//b', '"a//b" is not a repository'],
  ['a/../b', '"a/../b" is not a repository'],
  ['-x', '"-x" is not a repository'],
  ['--authfile=x/y', '"--authfile=x/y" is not a repository'],
  ['regi_stry.example/x', '"regi_stry.example" is not a registry\'s host'],
  ['busybox@sha256:abc', 'sha256:abc is not a digest such as sha256:<64 hex digits>'],
  [`busybox@${DIGEST}@${DIGEST}`, 'it has more than one @'],
  [`x/${'y'.repeat(255)}`, `"x/${'y'.repeat(255)}" is not a repository`],
])('%s is not an image name', (written, why) => {
  expect(parseReference(written)).toBe(why)
})

test('only loopback addresses speak plain http by themselves', () => {
  const loopback = ['localhost', 'localhost:5000', '127.0.0.1:5000', '127.1.2.3', '[::1]:5000']
  const others = ['docker.io', '10.0.0.1:5000', '127.0.0.1.example', 'localhost.example', '[::2]:5000']
  expect(loopback.filter(isLoopback)).toEqual(loopback)
  expect(others.filter(isLoopback)).toEqual([])
})
