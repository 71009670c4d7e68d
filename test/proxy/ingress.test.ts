import { expect, test } from 'vitest'
import type { HTTPIngressPath, Ingress, IngressSpec, Service } from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import { resolvedBackend } from '../../engine/proxy/ingressBackends.ts'
import { ingressCertificates, type TlsSecret } from '../../engine/proxy/ingressCertificates.ts'
import { ownerOf } from '../../engine/proxy/ingressClasses.ts'
import { type FoundIngress, ingressRules } from '../../engine/proxy/ingressRules.ts'

function ingress(name: string, spec: IngressSpec): FoundIngress {
  const object: Ingress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'shop' },
    spec,
  }
  return { key: objectKey('Ingress', 'shop', name), ingress: object }
}

function path(
  text: string,
  service: string,
  pathType: HTTPIngressPath['pathType'] = 'Prefix',
): HTTPIngressPath {
  return { path: text, pathType, backend: { service: { name: service, port: { number: 80 } } } }
}

function rule(host: string | undefined, ...paths: readonly HTTPIngressPath[]) {
  return { ...(host !== undefined && { host }), http: { paths } }
}

const WEB = { service: { name: 'web', port: { name: 'http' } } }

test.each<[string, HTTPIngressPath, object]>([
  ['a prefix', path('/a', 'x'), { match: 'prefix', path: '/a' }],
  ['a prefix with a slash at its end', path('/a/', 'x'), { match: 'prefix', path: '/a' }],
  ['everything', path('/', 'x'), { match: 'prefix', path: '' }],
  ['an exact path', path('/a/', 'x', 'Exact'), { match: 'exact', path: '/a/' }],
  ['one as we like it', path('/a', 'x', 'ImplementationSpecific'), { match: 'prefix', path: '/a' }],
])('%s', (_, one, expected) => {
  const { routes } = ingressRules([ingress('a', { rules: [rule('A.Test', one)] })])
  expect(routes).toEqual([{ host: 'a.test', backend: 'shop:x:80', ...expected }])
})

test('of two that ask for the same the older one has it, the other is told, and the rest of it holds', () => {
  const older = ingress('z', { rules: [rule('a.test', path('/', 'x'))] })
  const newer = ingress('a', {
    rules: [rule('a.test', path('/', 'y'), path('/b', 'y')), rule('b.test', path('/', 'x'))],
  })
  const { problems, references, routes } = ingressRules([older, newer])
  expect(routes.map(({ backend, host, path: at }) => `${host}${at} ${backend}`)).toEqual([
    'a.test shop:x:80',
    'a.test/b shop:y:80',
    'b.test shop:x:80',
  ])
  expect(problems).toEqual([
    {
      ingress: newer.key,
      reason: 'Taken',
      message: 'paths below / of host a.test is led elsewhere by Ingress shop/z, which is older',
    },
  ])
  expect(references.map(({ ingresses, name }) => [name, ingresses])).toEqual([
    ['shop:x:80', [older.key, newer.key]],
    ['shop:y:80', [newer.key]],
  ])
})

test('a default backend has what the hosts of its Ingress lead nowhere; without rules, what is led nowhere at all', () => {
  const hosts = ingress('a', {
    defaultBackend: WEB,
    rules: [rule('a.test', path('/x', 'x')), { host: 'b.test' }],
  })
  const all = ingress('b', { defaultBackend: WEB })
  expect(ingressRules([hosts, all]).routes.filter(({ match }) => match === 'rest')).toEqual([
    { match: 'rest', path: '', backend: 'shop:web:http' },
    { host: 'a.test', match: 'rest', path: '', backend: 'shop:web:http' },
    { host: 'b.test', match: 'rest', path: '', backend: 'shop:web:http' },
  ])
})

const SERVICE: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  },
}

function backend(port: number | string, service: Service | undefined = SERVICE) {
  const key = objectKey('Service', 'shop', 'web')
  const endpoint = (address: string, conditions: object) => ({ addresses: [address], conditions })
  const slices = [
    {
      apiVersion: 'discovery.k8s.io/v1' as const,
      kind: 'EndpointSlice' as const,
      metadata: { name: 'web-a' },
      addressType: 'IPv4' as const,
      ports: [{ name: 'http', protocol: 'TCP', port: 8080 } as const],
      endpoints: [
        endpoint('10.0.0.2', { ready: true }),
        endpoint('10.0.0.1', { ready: true }),
        endpoint('10.0.0.3', { ready: false }),
        endpoint('10.0.0.4', { ready: false, serving: true, terminating: true }),
      ],
    },
  ]
  const reference = { name: `shop:web:${port}`, service: key, port, ingresses: [] }
  return resolvedBackend(reference, service && { key, service, slices })
}

test('requests go to the endpoints that are ready, at the port that the Service leads to', () => {
  const endpoints = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address, port: 8080 }))
  expect(backend(80)).toEqual({ backend: { name: 'shop:web:80', endpoints } })
  expect(backend('http')).toEqual({ backend: { name: 'shop:web:http', endpoints } })
})

test.each<[number | string, string]>([
  [81, 'Service shop/web has no TCP port 81'],
  ['https', 'Service shop/web has no TCP port named "https"'],
  [53, 'Service shop/web has no TCP port 53'],
])('port %s is told to be missing', (port, message) => {
  expect(backend(port)).toEqual({
    backend: { name: `shop:web:${port}`, endpoints: [] },
    problem: { reason: 'PortNotFound', message },
  })
})

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----'
const KEY = '-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----'

function secret(data: Readonly<Record<string, string>>): TlsSecret {
  return { text: (key) => data[key], hash: (key) => `${key}-${data[key]?.length}`.padEnd(16, '0') }
}

const SECRETS: Readonly<Record<string, TlsSecret>> = {
  good: secret({ 'tls.crt': CERTIFICATE, 'tls.key': KEY }),
  other: secret({ 'tls.crt': `${CERTIFICATE}\n${CERTIFICATE}`, 'tls.key': KEY }),
  keyless: secret({ 'tls.crt': CERTIFICATE }),
  text: secret({ 'tls.crt': 'hello', 'tls.key': KEY }),
  locked: secret({ 'tls.crt': CERTIFICATE, 'tls.key': KEY.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE') }),
  swapped: secret({ 'tls.crt': CERTIFICATE, 'tls.key': CERTIFICATE }),
}

function certificates(...ingresses: readonly FoundIngress[]) {
  return ingressCertificates(ingresses, (_, name) => SECRETS[name])
}

test('a certificate is shown to the hosts that its Ingresses name, and one without hosts to all others', () => {
  const found = certificates(
    ingress('a', { tls: [{ hosts: ['B.test', 'a.test'], secretName: 'good' }] }),
    ingress('b', { tls: [{ secretName: 'other' }, { hosts: ['c.test'], secretName: 'good' }] }),
  )
  expect(found.problems).toEqual([])
  expect(
    found.certificates.map(({ hosts, isDefault, ownNames, secret: name }) => [
      name,
      hosts,
      ownNames,
      isDefault,
    ]),
  ).toEqual([
    ['shop/good', ['a.test', 'b.test', 'c.test'], false, false],
    ['shop/other', [], true, true],
  ])
  expect(JSON.stringify(found)).not.toContain('PRIVATE')
  expect(found.certificates[0]?.pem.reveal()).toBe(`${CERTIFICATE}\n${KEY}\n`)
})

test.each([
  ['nobody', 'there is no Secret shop/nobody'],
  ['keyless', 'Secret shop/keyless: it has no tls.key'],
  ['text', 'Secret shop/text: tls.crt is no certificate as PEM'],
  ['locked', 'Secret shop/locked: tls.key is encrypted, and nobody here knows the word'],
  ['swapped', 'Secret shop/swapped: tls.key is no private key as PEM'],
])('Secret %s is told to be of no use, and the others are used', (name, message) => {
  const bad = ingress('a', { tls: [{ hosts: ['a.test'], secretName: name }] })
  const good = ingress('b', { tls: [{ hosts: ['b.test'], secretName: 'good' }] })
  const found = certificates(bad, good)
  expect(found.problems.map((one) => [one.ingress, one.message])).toEqual([[bad.key, message]])
  expect(found.certificates.map((one) => one.secret)).toEqual(['shop/good'])
})

test('a host is shown one certificate: that of the older Ingress', () => {
  const tls = (name: string) => ({ tls: [{ hosts: ['a.test'], secretName: name }] })
  const { problems } = certificates(ingress('a', tls('good')), ingress('b', tls('other')))
  expect(problems.map(({ message }) => message)).toEqual([
    'host a.test is shown the certificate of Secret shop/good, which the older Ingress shop/a names',
  ])
})

test.each<[string | undefined, readonly [name: string, controller: string, isDefault?: string][], string]>([
  [undefined, [], 'ours'],
  [undefined, [['nginx', 'k8s.io/ingress-nginx']], 'ours'],
  [undefined, [['nginx', 'k8s.io/ingress-nginx', 'true']], 'other'],
  ['web', [['web', 'reconcile.dev/ingress']], 'ours'],
  ['nginx', [['nginx', 'k8s.io/ingress-nginx']], 'other'],
  ['web', [], 'unknown'],
])('an Ingress of class %s with classes %j is %s', (className, classes, expected) => {
  const { ingress: one } = ingress('a', className === undefined ? {} : { ingressClassName: className })
  const all = classes.map(([name, controller, isDefault]) => ({
    apiVersion: 'networking.k8s.io/v1' as const,
    kind: 'IngressClass' as const,
    metadata: {
      name,
      ...(isDefault !== undefined && {
        annotations: { 'ingressclass.kubernetes.io/is-default-class': isDefault },
      }),
    },
    spec: { controller },
  }))
  expect(ownerOf(one, all).kind).toBe(expected)
})
