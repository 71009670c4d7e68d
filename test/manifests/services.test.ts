import { expect, test } from 'vitest'
import { linesOf, readTexts, allOf } from './reading.ts'

function service(name: string, spec: string): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {${spec}}\n`
}

function lines(...texts: readonly string[]): readonly string[] {
  return linesOf(texts.join('---\n'))
}

const CLUSTER = (ranges: string): string =>
  `apiVersion: reconcile.dev/v1\nkind: Cluster\nmetadata: {name: home}\nspec: {serviceCIDR: "${ranges}"}\n`

const PODS = (ranges: string): string =>
  `apiVersion: reconcile.dev/v1\nkind: Cluster\nmetadata: {name: home}\nspec: {podCIDR: "${ranges}"}\n`

test('a Service without anything wrong is read without a word', () => {
  expect(lines(service('web', 'ports: [{port: 80}]'))).toEqual([])
  expect(lines(service('db', 'clusterIP: None'))).toEqual([])
  expect(lines(service('mail', 'type: ExternalName, externalName: smtp.example.org'))).toEqual([])
})

test.each([
  ['clusterIP: here, ports: [{port: 1}]', 'spec.clusterIP: "here" is no IP address'],
  [
    'clusterIPs: [10.96.0.9], ports: [{port: 1}]',
    'spec.clusterIPs: must be empty when `clusterIP` is not specified',
  ],
  ['clusterIP: 10.96.0.9, clusterIPs: [10.96.0.8], ports: [{port: 1}]', 'first value must match `clusterIP`'],
  ['type: ExternalName, externalName: a.b, clusterIP: 10.96.0.9', 'may not be set for ExternalName services'],
  ['ipFamilies: [IPv4, IPv4], ports: [{port: 1}]', 'spec.ipFamilies[1]: "IPv4" is used twice'],
  [
    'ipFamilies: [IPv4, IPv6], ports: [{port: 1}]',
    'spec.ipFamilyPolicy: must be RequireDualStack or PreferDualStack when multiple ipFamilies',
  ],
  [
    'sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}, ports: [{port: 1}]',
    'must be <= 86400',
  ],
  [
    'sessionAffinityConfig: {clientIP: {timeoutSeconds: 1}}, ports: [{port: 1}]',
    "when session affinity is 'None'",
  ],
  [
    'externalIPs: [127.0.0.1], ports: [{port: 1}]',
    'spec.externalIPs[0]: 127.0.0.1: may be neither unspecified',
  ],
  ['loadBalancerClass: a/b, ports: [{port: 1}]', "may only be used when `type` is 'LoadBalancer'"],
  [
    'type: NodePort, ports: [{port: 1, name: a, nodePort: 30001}, {port: 2, name: b, nodePort: 30001}]',
    'spec.ports[1].nodePort: "30001/TCP" is used twice',
  ],
  [
    'type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8], ports: [{port: 1}]',
    'spec.loadBalancerSourceRanges: not supported',
  ],
])('a Service is refused as by the API server: %s', (spec, message) => {
  expect(lines(service('web', spec)).join('\n')).toContain(message)
})

test('one address and one node port are for one Service, whatever the namespace', () => {
  const taken = lines(
    service('one', 'type: NodePort, clusterIP: 10.96.0.20, ports: [{port: 80, nodePort: 30080}]'),
    service('two', 'type: NodePort, clusterIP: 10.96.0.20, ports: [{port: 80, nodePort: 30080}]'),
    service('udp', 'type: NodePort, ports: [{port: 80, protocol: UDP, nodePort: 30080}]'),
  )
  const suggestion = '(choose another one, or leave it out and be given one)'
  expect(taken).toEqual([
    `a.yaml:9:35: error: Service default/two: spec.clusterIP: the address 10.96.0.20 is taken by Service default/one (a.yaml:1) ${suggestion}`,
    `a.yaml:9:76: error: Service default/two: spec.ports[0].nodePort: the node port 30080/TCP is taken by Service default/one (a.yaml:1) ${suggestion}`,
  ])
})

test('what an address or a family asks of the Cluster has to be there', () => {
  expect(lines(service('web', 'clusterIP: 10.97.0.1, ports: [{port: 1}]')).join()).toContain(
    'spec.clusterIP: the provided IP is not in the valid range 10.96.0.0/16',
  )
  expect(lines(service('web', 'clusterIP: 10.96.0.10, ports: [{port: 1}]')).join()).toContain(
    "spec.clusterIP: 10.96.0.10 is the DNS server's address",
  )
  const dual = service(
    'web',
    'ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6, IPv4], ports: [{port: 1}]',
  )
  expect(lines(dual).join('\n')).toMatch(
    /not configured for dual-stack services[^]*"IPv6" is not configured on this cluster/,
  )
  expect(lines(CLUSTER('10.96.0.0/16,fd00:96::/108'), dual)).toEqual([])
  // Manifests on their own say nothing of the Cluster that they are for.
  expect(linesOf(dual, 'files')).toEqual([])
})

test('ranges of Services are one of each family, and none of the pods', () => {
  expect(lines(CLUSTER('10.96.0.0/16,10.98.0.0/16')).join()).toContain(
    'may hold one range, or one of IPv4 and one of IPv6',
  )
  expect(lines(CLUSTER('10.96.0.0/16,fd00:96::/108,fd00:97::/108')).join()).toContain('may hold one range')
  expect(lines(CLUSTER('fd00:96::/108,10.244.0.0/24')).join()).toContain('podCIDR and serviceCIDR overlap')
  expect(lines(PODS('10.244.0.0/16,fd00:244::/64'))).toEqual([])
  expect(lines(PODS('fd00:244::/64')).join()).toContain('must begin with a range of IPv4')
  expect(lines(PODS('10.244.0.0/16,10.245.0.0/16')).join()).toContain('may hold one range')
})

const POD = `apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web, image: "web:1", ports: [{name: http, containerPort: 8080}, {name: dns, protocol: UDP, containerPort: 53}]}]}
`

test('a selector that matches nothing and a port that no pod has are warned of', () => {
  expect(lines(POD, service('web', 'selector: {app: web}, ports: [{port: 80, targetPort: http}]'))).toEqual(
    [],
  )
  expect(lines(POD, service('web', 'selector: {app: wbe}, ports: [{port: 80}]'))).toEqual([
    'a.yaml:9:18: warning: Service default/web: spec.selector: matches no pod of the repository: nothing answers for this Service',
  ])
  expect(
    lines(POD, service('web', 'selector: {app: web}, ports: [{port: 80, targetPort: dns}]')).join(),
  ).toContain(
    'warning: Service default/web: spec.ports[0].targetPort: no container of the pods that it selects has a port named "dns"',
  )
  expect(linesOf(service('web', 'selector: {app: wbe}, ports: [{port: 80}]'), 'files')).toEqual([])
})

function slice(spec: string, labels = '{kubernetes.io/service-name: web}'): string {
  return `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1, labels: ${labels}}\n${spec}\n`
}

test.each([
  ['addressType: IPv4\nendpoints: [{addresses: ["::1"]}]', '"::1" is no IPv4 address'],
  [
    'addressType: IPv4\nendpoints: [{addresses: [169.254.1.1]}]',
    'may be neither unspecified, nor in the loopback',
  ],
  ['addressType: IPv4\nendpoints: [{addresses: []}]', 'must contain at least 1 address'],
  ['addressType: IPv4\nports: [{port: 1}, {port: 2}]', '"" is used twice'],
  [
    'addressType: FQDN\nendpoints: [{addresses: [a.example]}]',
    'connections are led to addresses, not to names',
  ],
])('an EndpointSlice is checked as by the API server: %s', (spec, message) => {
  expect(lines(service('web', 'ports: [{port: 1}]'), slice(spec)).join('\n')).toContain(message)
})

test('an EndpointSlice that belongs to no Service is told of', () => {
  const good = 'addressType: IPv4\nendpoints: [{addresses: [192.0.2.1]}]'
  expect(lines(service('web', 'ports: [{port: 1}]'), slice(good))).toEqual([])
  expect(lines(slice(good)).join()).toContain('there is no Service default/web: nobody uses these endpoints')
  expect(lines(slice(good, '{a: b}')).join()).toContain('has no label kubernetes.io/service-name')
})

test('two thousand Services and pods are read in one go, each with a word where it needs one', () => {
  const many = Array.from({ length: 2_000 }, (_, index) =>
    service(`web-${index}`, `selector: {app: web-${index}}, ports: [{port: 80}]`),
  )
  expect(allOf(readTexts({ 'a.yaml': many.join('---\n') }))).toHaveLength(2_000)
})
