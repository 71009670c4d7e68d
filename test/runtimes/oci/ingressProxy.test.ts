import { expect, test } from 'vitest'
import type { IngressConfig } from '../../../engine/api/ingress.ts'
import { Sealed } from '../../../engine/api/sealed.ts'
import { checkCommand, startCommand } from '../../../engine/runtimes/oci/ingress/commands.ts'
import { generationOf } from '../../../engine/runtimes/oci/ingress/config.ts'
import type { IngressPaths } from '../../../engine/runtimes/oci/ingress/paths.ts'
import { parseSlots, slotCommands, slotsOf } from '../../../engine/runtimes/oci/ingress/slots.ts'

const PATHS: IngressPaths = {
  directory: '/run/r/ingress',
  generations: '/run/r/ingress/generations',
  pidFile: '/run/r/ingress/haproxy.pid',
  socket: '/run/r/ingress/haproxy.sock',
  cgroup: '/r/ingress',
}

function backends(...addresses: readonly string[]): IngressConfig['backends'] {
  return [{ name: 'a:web:80', endpoints: addresses.map((address) => ({ address, port: 80 })) }]
}

function slots(before: readonly string[], ...addresses: readonly string[]): readonly string[] | undefined {
  return slotsOf(backends(...addresses), new Map([['a:web:80', before]])).get('a:web:80')
}

test('there is a place more than endpoints, in powers of two, and never fewer than before', () => {
  expect(slots([])).toEqual(['', '', '', ''])
  expect(slots([], '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4')).toHaveLength(8)
  expect(
    slots(
      Array.from({ length: 8 }, () => ''),
      '10.0.0.1',
    ),
  ).toHaveLength(8)
})

test('what stays keeps its place, and what comes takes one that was empty before one that was just left', () => {
  const before = ['10.0.0.1:80', '10.0.0.2:80', '', '']
  expect(slots(before, '10.0.0.2', '10.0.0.3')).toEqual(['', '10.0.0.2:80', '10.0.0.3:80', ''])
  expect(slots(before, '10.0.0.5', '10.0.0.3', '10.0.0.4')).toEqual([
    '10.0.0.4:80',
    '',
    '10.0.0.5:80',
    '10.0.0.3:80',
  ])
})

test('the proxy is told of the places that changed', () => {
  const of = (...texts: readonly string[]) => new Map([['a:web:80', texts]])
  expect(slotCommands(of('10.0.0.1:80', ''), of('', '[fd00::1]:8080'))).toEqual([
    'set server a:web:80/s1 state maint',
    'set server a:web:80/s2 addr fd00::1 port 8080',
    'set server a:web:80/s2 state ready',
  ])
  expect(slotCommands(of('10.0.0.1:80'), of('10.0.0.1:80'))).toEqual([])
  expect(slotCommands(undefined, of('10.0.0.1:80', ''))).toEqual([
    'set server a:web:80/s1 addr 10.0.0.1 port 80',
    'set server a:web:80/s1 state ready',
    'set server a:web:80/s2 state maint',
  ])
})

const CONFIG: IngressConfig = {
  ports: { http: 80, https: 443 },
  ingresses: [],
  routes: [
    { host: 'a.test', match: 'exact', path: '/x', backend: 'a:web:80' },
    { host: '*.a.test', match: 'prefix', path: '/y', backend: 'a:web:80' },
    { match: 'prefix', path: '', backend: 'a:web:80' },
    { host: 'a.test', match: 'rest', path: '', backend: 'a:web:80' },
  ],
  backends: backends('10.0.0.1'),
  certificates: [
    {
      secret: 'a/tls',
      ingresses: [],
      hosts: ['a.test', 'b.test'],
      ownNames: false,
      isDefault: false,
      pem: new Sealed('THE KEY', 'abc'),
    },
  ],
}

function generation(config: IngressConfig) {
  return generationOf(config, slotsOf(config.backends, new Map()), PATHS, true)
}

test('routes are maps, keys are files of their own, and the configuration names them', () => {
  const { files, id, text } = generation(CONFIG)
  const folder = `/run/r/ingress/generations/${id}`
  const contents = Object.fromEntries(
    files.flatMap(({ mode, path, what }) => (what.kind === 'file' ? [[path, [mode, what.content]]] : [])),
  )
  expect(contents).toEqual({
    'exact.map': [0o600, 'a.test/x a:web:80\n'],
    'prefix.map': [0o600, '*.a.test/y/ a:web:80\n/ a:web:80\n'],
    'rest.map': [0o600, 'a.test a:web:80\n'],
    'certificates/abc.pem': [0o600, 'THE KEY'],
    'certificates.list': [0o600, `${folder}/certificates/abc.pem a.test b.test\n`],
  })
  expect(text).toContain(
    `  bind *:443 ssl crt-list ${folder}/certificates.list alpn h2,http/1.1 strict-sni\n`,
  )
  expect(text).toContain('  bind [::]:80 v6only\n')
  expect(text).not.toContain('THE KEY')
  expect(parseSlots(text)).toEqual(new Map([['a:web:80', ['10.0.0.1:80', '', '', '']]]))
})

test('other endpoints are the same generation, and all else is another one', () => {
  const { id } = generation(CONFIG)
  expect(generation({ ...CONFIG, backends: backends('10.0.0.9', 'fd00::2') }).id).toBe(id)
  const others = [
    { ...CONFIG, certificates: [] },
    { ...CONFIG, routes: [] },
    { ...CONFIG, address: '192.0.2.1' },
    { ...CONFIG, backends: backends('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4') },
  ].map((one) => generation(one).id)
  expect(new Set([id, ...others]).size).toBe(5)
  expect(generation({ ...CONFIG, certificates: [] }).text).not.toContain(':443')
})

test('a new process takes the ports over from the one before', () => {
  expect(checkCommand('/c')).toEqual({ argv: ['haproxy', '-c', '-q', '-f', '/c'] })
  const argv = ['haproxy', '-D', '-q', '-f', '/c', '-p', PATHS.pidFile]
  expect(startCommand(PATHS, '/c')).toEqual({ argv })
  expect(startCommand(PATHS, '/c', 7)).toEqual({ argv: [...argv, '-x', PATHS.socket, '-sf', '7'] })
})
