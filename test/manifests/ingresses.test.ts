import { expect, test } from 'vitest'
import { linesOf } from './reading.ts'

function ingress(spec: string): string {
  return `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {${spec}}\n`
}

const BACKEND = 'backend: {service: {name: web, port: {number: 80}}}'

function rule(path: string, host = 'example.org'): string {
  return ingress(`rules: [{host: "${host}", http: {paths: [{${path}, ${BACKEND}}]}}]`)
}

test('an Ingress without anything wrong is read without a word', () => {
  expect(linesOf(rule('path: /, pathType: Prefix', '*.example.org'))).toEqual([])
  expect(linesOf(rule('pathType: ImplementationSpecific'))).toEqual([])
  expect(
    linesOf(ingress('defaultBackend: {service: {name: web, port: {name: http}}}, tls: [{hosts: [a.b]}]')),
  ).toEqual([])
})

test.each([
  [ingress(''), 'spec: either `defaultBackend` or `rules` must be specified'],
  [rule('path: a, pathType: Prefix'), 'spec.rules[0].http.paths[0].path: must be an absolute path'],
  [rule('pathType: Exact'), 'path: must be an absolute path'],
  [rule('path: /a//b, pathType: Exact'), "path: must not contain '//'"],
  [rule('path: /a/.., pathType: Prefix'), "path: cannot end with '/..'"],
  [rule('path: "/a b", pathType: ImplementationSpecific'), 'path: must not hold white space'],
  [rule('path: /, pathType: Prefix', '10.0.0.1'), 'spec.rules[0].host: "10.0.0.1" must be a DNS name'],
  [rule('path: /, pathType: Prefix', 'a.*.org'), 'host: "a.*.org" must consist of lower case letters'],
  [ingress('tls: [{hosts: [UPPER]}], rules: [{host: a.b}]'), 'spec.tls[0].hosts[0]: "UPPER" must consist'],
  [ingress('defaultBackend: {}'), 'spec.defaultBackend: a backend names a Service'],
  [ingress('defaultBackend: {service: {name: web}}'), 'port: port name or number is required'],
  [
    ingress('defaultBackend: {service: {name: web, port: {name: a, number: 1}}}'),
    'cannot set both port name & port number',
  ],
  [ingress('rules: [{http: {paths: []}}]'), 'spec.rules[0].http.paths: required field is missing'],
])('an Ingress is refused as by the API server: %s', (text, message) => {
  expect(linesOf(text).join('\n')).toContain(message)
})

test("a class' controller has a domain, and the proxy's address and ports make sense", () => {
  const classOf = (controller: string): string =>
    `apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: a}\nspec: {controller: ${controller}}\n`
  expect(linesOf(classOf('reconcile.dev/ingress'))).toEqual([])
  expect(linesOf(classOf('ingress')).join()).toContain('must be a domain-prefixed path')
  const cluster = (proxy: string): string =>
    `apiVersion: reconcile.dev/v1\nkind: Cluster\nmetadata: {name: a}\nspec: {ingress: {${proxy}}}\n`
  expect(linesOf(cluster('nodes: [a], address: 192.0.2.1, httpPort: 8080'))).toEqual([])
  expect(linesOf(cluster('address: here')).join()).toContain('spec.ingress.address: "here" is no IP address')
  expect(linesOf(cluster('httpPort: 443')).join()).toContain('443 is the httpPort, too')
})
