import { expect, test } from 'vitest'
import { linesOf } from './reading.ts'

function said(policies: string, spec = 'restartPolicy: Always', list = 'containers'): readonly string[] {
  const first = list === 'containers' ? '' : 'containers: [{name: main, image: a}]\n  '
  return linesOf(`apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  ${spec}
  ${first}${list}: [{name: a, image: a, resizePolicy: [${policies}]}]
`)
}

test.each([
  ['{resourceName: cpu, restartPolicy: NotRequired}', []],
  ['{resourceName: memory, restartPolicy: RestartContainer}', []],
  ['{resourceName: disk, restartPolicy: NotRequired}', ['"disk" is not supported']],
  [
    '{resourceName: cpu, restartPolicy: NotRequired}, {resourceName: cpu, restartPolicy: NotRequired}',
    ['cpu is there twice'],
  ],
])('of %s is said %j', (policies, parts) => {
  const lines = said(policies)
  expect(lines).toHaveLength(parts.length)
  for (const [index, part] of parts.entries()) expect(lines[index]).toContain(part)
})

test('a pod that never restarts cannot restart a container for it; an init container has none', () => {
  const restarts = '{resourceName: cpu, restartPolicy: RestartContainer}'
  expect(said(restarts, 'restartPolicy: Never')).toEqual([
    expect.stringContaining("must be 'NotRequired' when restartPolicy is 'Never'"),
  ])
  expect(said(restarts, undefined, 'initContainers')).toEqual([
    expect.stringContaining('must not be set for init containers'),
  ])
})
