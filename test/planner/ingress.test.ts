import { expect, test } from 'vitest'
import type { Ingress, IngressSpec, Secret, Service } from '../../engine/api/generated/types.ts'
import type { IngressConfig } from '../../engine/api/ingress.ts'
import { nodeName } from '../../engine/api/names.ts'
import type { Plan } from '../../engine/api/plan.ts'
import { planJson } from '../../engine/planner/json.ts'
import { deployment, Scene } from './scene.ts'

const NODE = nodeName('node-0')
const KEY = '-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----'
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----'

function ingress(name: string, service: string, spec: IngressSpec = {}): Ingress {
  const backend = { service: { name: service, port: { number: 80 } } }
  const http = { paths: [{ path: '/', pathType: 'Prefix' as const, backend }] }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'default' },
    spec: { rules: [{ host: `${name}.test`, http }], ...spec },
  }
}

const WEB: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
}

const SECRET: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'tls', namespace: 'default' },
  stringData: { 'tls.crt': CERTIFICATE, 'tls.key': KEY },
}

function proxy(result: Plan): IngressConfig {
  const found = result.traffic?.get(NODE)?.ingress
  if (found === undefined) throw new Error('no proxy is to run')
  return found
}

test('requests are led to the pods of the Service, and the same plan says the very same', () => {
  const scene = new Scene().commit(ingress('web', 'web'), WEB, deployment('web', 'a', { replicas: 2 }))
  const result = scene.settleTraffic()
  expect(proxy(result).backends).toMatchObject([
    { name: 'default:web:80', endpoints: [{ port: 8080 }, { port: 8080 }] },
  ])
  expect(scene.report('Ingress', 'web', result).health).toEqual({ kind: 'healthy' })
  expect(proxy(scene.plan())).toBe(proxy(result))
})

test('a bad Ingress is told of, and the others are led all the same', () => {
  const scene = new Scene().commit(
    ingress('bad', 'nobody'),
    ingress('web', 'web'),
    WEB,
    deployment('web', 'a'),
  )
  const result = scene.settleTraffic()
  expect(scene.report('Ingress', 'bad', result).health).toEqual({
    kind: 'failed',
    reason: 'ServiceNotFound',
    message: 'there is no Service default/nobody',
  })
  expect(scene.report('Ingress', 'web', result).health).toEqual({ kind: 'healthy' })
  expect(proxy(result).routes).toHaveLength(2)
})

test('a certificate is in the plan by its name and a hash alone', () => {
  const scene = new Scene().commit(ingress('web', 'web', { tls: [{ secretName: 'tls' }] }), SECRET, WEB)
  const result = scene.settleTraffic()
  expect(proxy(result).certificates).toMatchObject([{ secret: 'default/tls', isDefault: true }])
  for (const text of [JSON.stringify([...(result.traffic ?? [])]), JSON.stringify(planJson(result))])
    expect(text).not.toContain('PRIVATE KEY')
})

test('of two Ingresses that ask for the same, the one that came first has it, whatever its name', () => {
  const scene = new Scene().commit(ingress('web', 'web'), WEB)
  scene.settleTraffic()
  const web = ingress('web', 'web')
  scene.world.pass(60)
  scene.commit(
    web,
    { ...web, metadata: { ...web.metadata, name: 'another' }, spec: ingress('web', 'x').spec ?? {} },
    WEB,
  )
  const result = scene.settleTraffic()
  expect(proxy(result).routes).toMatchObject([{ host: 'web.test', backend: 'default:web:80' }])
  expect(scene.report('Ingress', 'another', result).health).toMatchObject({ kind: 'failed', reason: 'Taken' })
})

test('what is left to another controller, or to none, is led nowhere', () => {
  const scene = new Scene().commit(
    ingress('theirs', 'web', { ingressClassName: 'nginx' }),
    ingress('nobodys', 'web', { ingressClassName: 'lost' }),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'nginx' },
      spec: { controller: 'k8s.io/ingress-nginx' },
    },
    WEB,
  )
  const result = scene.settleTraffic()
  expect(result.traffic?.get(NODE)?.ingress).toBeUndefined()
  expect(scene.report('Ingress', 'theirs', result).health).toEqual({
    kind: 'healthy',
    message: 'is left to k8s.io/ingress-nginx',
  })
  expect(scene.report('Ingress', 'nobodys', result).health).toMatchObject({ reason: 'ClassNotFound' })
})
