import { expect, test } from 'vitest'
import type { PodSpec, PodTemplateSpec } from '../../engine/api/generated/types.ts'
import { templateText } from '../../engine/api/templates.ts'

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
  expect(templateText(other)).toBe(templateText(template({})))
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
  expect(templateText(other)).not.toBe(templateText(template({})))
})

test('a quantity written in another way is the same', () => {
  const limits = (cpu: string, memory: string): string =>
    templateText(template({}, { resources: { limits: { cpu, memory } } }))
  expect(limits('0.5', '1Gi')).toBe(limits('500m', '1024Mi'))
  expect(limits('0.5', '1Gi')).not.toBe(limits('500m', '1G'))
})
