import { expect, test } from 'vitest'
import type { PodSpec, PodTemplateSpec } from '../../engine/api/generated/types.ts'
import { sameTemplate } from '../../engine/api/templates.ts'

const web = { name: 'web', image: 'web:1' } as const

function template(
  spec: Partial<PodSpec>,
  container: Partial<PodSpec['containers'][number]> = {},
): PodTemplateSpec {
  return { metadata: { labels: { app: 'web' } }, spec: { ...spec, containers: [{ ...web, ...container }] } }
}

const SAME: readonly (readonly [title: string, template: PodTemplateSpec])[] = [
  [
    'a default written out',
    template({ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst' }, { imagePullPolicy: 'IfNotPresent' }),
  ],
  ['an empty list', template({ volumes: [], initContainers: [] }, { env: [], ports: [] })],
  [
    'a false that is the same as nothing',
    template({ hostNetwork: false, hostPID: false }, { stdin: false, tty: false }),
  ],
  ['empty resources', template({}, { resources: { limits: {}, requests: {} } })],
  [
    'the label that its ReplicaSet adds',
    { ...template({}), metadata: { labels: { app: 'web', 'pod-template-hash': 'abc' } } },
  ],
  ['empty annotations', { ...template({}), metadata: { labels: { app: 'web' }, annotations: {} } }],
]

test.each(SAME)('a template with %s means the same', (_, other) => {
  expect(sameTemplate(template({}), other)).toBe(true)
  expect(sameTemplate(other, template({}))).toBe(true)
})

const OTHER: readonly (readonly [title: string, template: PodTemplateSpec])[] = [
  ['another image', template({}, { image: 'web:2' })],
  ['another pull policy', template({}, { imagePullPolicy: 'Always' })],
  ['a grace period', template({ terminationGracePeriodSeconds: 0 })],
  [
    'a container that may run as root where its pod may not',
    template({}, { securityContext: { runAsNonRoot: false } }),
  ],
  ['user 0', template({ securityContext: { runAsUser: 0 } })],
  ['a volume', template({ volumes: [{ name: 'a' }] })],
  ['another label', { ...template({}), metadata: { labels: { app: 'web', a: 'b' } } }],
  [
    'an annotation, which restarts pods',
    { ...template({}), metadata: { labels: { app: 'web' }, annotations: { restartedAt: 'now' } } },
  ],
]

test.each(OTHER)('a template with %s is another one', (_, other) => {
  expect(sameTemplate(template({}), other)).toBe(false)
})

test('a quantity written in another way is the same', () => {
  const limits = (cpu: string, memory: string): PodTemplateSpec =>
    template({}, { resources: { limits: { cpu, memory } } })
  expect(sameTemplate(limits('0.5', '1Gi'), limits('500m', '1024Mi'))).toBe(true)
  expect(sameTemplate(limits('0.5', '1Gi'), limits('500m', '1G'))).toBe(false)
})
