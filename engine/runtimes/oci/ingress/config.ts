import type { IngressConfig, IngressRoute } from '../../../api/ingress.ts'
import type { TreeEntry } from '../../../transport/transport.ts'
import { sha256Hex } from '../images/digest.ts'
import { type GenerationPaths, generationPaths, type IngressPaths } from './paths.ts'
import { type AllSlots, backendLines } from './slots.ts'

/** Whose rights the process has once it listens. Debian's package makes it. */
const USER = 'haproxy'
/** Empty, and nobody may write there: Debian's package makes it. */
const JAIL = '/var/lib/haproxy'

export interface Generation {
  readonly id: string
  readonly paths: GenerationPaths
  /** All but the endpoints, which change while it runs. */
  readonly files: readonly TreeEntry[]
  /** With endpoints. */
  readonly text: string
}

/** `hasIp6`: of the machine. */
export function generationOf(
  config: IngressConfig,
  slots: AllSlots,
  paths: IngressPaths,
  hasIp6: boolean,
): Generation {
  const places = [...slots].map(([name, own]) => `${name} ${own.length}`)
  // What the id is made from names no folder, and stands for all that is in it.
  const { address, certificates, ports, routes } = config
  const basis = { address, certificates, ports, routes, places, hasIp6, version: VERSION }
  const id = sha256Hex(JSON.stringify(basis)).slice(0, 16)
  const own = generationPaths(paths, id)
  return { id, paths: own, files: filesOf(config, own), text: configText(config, slots, own, paths, hasIp6) }
}

/** Another one where the same Ingresses are to be led otherwise by a newer engine. */
const VERSION = 1

function filesOf({ certificates, routes }: IngressConfig, paths: GenerationPaths): readonly TreeEntry[] {
  const shown = certificates.filter((one) => one.ownNames || one.hosts.length > 0)
  return [
    file('exact.map', mapText(routes, 'exact')),
    file('prefix.map', mapText(routes, 'prefix')),
    file('rest.map', mapText(routes, 'rest')),
    { path: 'certificates', mode: 0o700, what: { kind: 'directory' } },
    ...shown.map(({ pem }) => file(`certificates/${pem.hash}.pem`, pem.reveal())),
    file('certificates.list', certificateList(certificates, paths)),
  ]
}

function file(path: string, content: string): TreeEntry {
  return { path, mode: 0o600, what: { kind: 'file', content } }
}

/** A prefix ends with a slash, and so does what it is compared with: `/a` takes `/a` and `/a/b`, not `/ab`. */
function mapText(routes: readonly IngressRoute[], wanted: IngressRoute['match']): string {
  return routes
    .filter(({ match }) => match === wanted)
    .map(({ backend, host = '', path }) => `${host}${path}${wanted === 'prefix' ? '/' : ''} ${backend}\n`)
    .join('')
}

/** The first one is the default. https://docs.haproxy.org/2.6/configuration.html#5.1-crt-list */
function certificateList(certificates: IngressConfig['certificates'], paths: GenerationPaths): string {
  const sorted = [
    ...certificates.filter((one) => one.isDefault),
    ...certificates.filter((one) => !one.isDefault),
  ]
  return sorted
    .flatMap(({ hosts, ownNames, pem }) => {
      const path = `${paths.certificates}/${pem.hash}.pem`
      return [...(ownNames ? [path] : []), ...(hosts.length > 0 ? [`${path} ${hosts.join(' ')}`] : [])]
    })
    .map((line) => `${line}\n`)
    .join('')
}

function configText(
  config: IngressConfig,
  slots: AllSlots,
  own: GenerationPaths,
  paths: IngressPaths,
  hasIp6: boolean,
): string {
  return `${[
    '# Written by reconcile; changes are lost.',
    ...globalLines(paths),
    ...DEFAULTS,
    'frontend ingress',
    ...bindLines(config, own, hasIp6),
    ...requestLines(config, own),
    ...backendLines(slots),
  ].join('\n')}\n`
}

function globalLines({ socket }: IngressPaths): readonly string[] {
  return [
    'global',
    `  user ${USER}`,
    `  group ${USER}`,
    `  chroot ${JAIL}`,
    // The next process is given the open ports by it, so that nobody finds them closed.
    `  stats socket ${socket} mode 600 level admin expose-fd listeners`,
    '  stats timeout 1m',
    // Of another root's proxy, which would take half of the connections.
    '  noreuseport',
    '  fd-hard-limit 100000',
    '  no strict-limits',
    '  hard-stop-after 1h',
    '  ssl-default-bind-options ssl-min-ver TLSv1.2',
    '  tune.ssl.default-dh-param 2048',
  ]
}

/** docs/services.md says these. */
const DEFAULTS = [
  'defaults',
  '  mode http',
  '  option forwardfor',
  '  option redispatch 1',
  // A connection without a request is closed with its next answer: a request that is on its way already is answered.
  '  option idle-close-on-response',
  '  retries 3',
  '  timeout connect 5s',
  '  timeout client 60s',
  '  timeout server 60s',
  '  timeout http-request 10s',
  '  timeout http-keep-alive 60s',
  '  timeout client-fin 30s',
  '  timeout queue 5s',
  '  timeout tunnel 1h',
]

function bindLines(
  { address, certificates, ports }: IngressConfig,
  { certificateList: list }: GenerationPaths,
  hasIp6: boolean,
): readonly string[] {
  const isSecured = certificates.some((one) => one.ownNames || one.hosts.length > 0)
  const strict = certificates.some(({ isDefault }) => isDefault) ? '' : ' strict-sni'
  const secure = ` ssl crt-list ${list} alpn h2,http/1.1${strict}`
  return placesOf(address, hasIp6).flatMap(({ options, place }) => [
    `  bind ${place}:${ports.http}${options}`,
    ...(isSecured ? [`  bind ${place}:${ports.https}${options}${secure}`] : []),
  ])
}

function placesOf(
  address: string | undefined,
  hasIp6: boolean,
): readonly { readonly place: string; readonly options: string }[] {
  if (address !== undefined) return [{ place: address.includes(':') ? `[${address}]` : address, options: '' }]
  const four = { place: '*', options: '' }
  return hasIp6 ? [four, { place: '[::]', options: ' v6only' }] : [four]
}

/** The most specific host that has a path for the request, its exact path before the longest that begins it. */
function requestLines(
  { routes }: IngressConfig,
  { exact, prefix, rest }: GenerationPaths,
): readonly string[] {
  const unset = ' unless { var(txn.to) -m found }'
  const lookup = (expression: string) => `  http-request set-var(txn.to) ${expression}${unset}`
  const hosts = ['var(txn.host)', 'var(txn.wildcard)']
  const all = routes.find(({ host, match }) => host === undefined && match === 'rest')?.backend
  return [
    '  http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)',
    '  http-request set-var(txn.wildcard) var(txn.host),regsub(^[^.]+,*)',
    '  http-request set-var(txn.path) path',
    ...hosts.flatMap((host) => [
      lookup(`${host},concat(,txn.path),map_str(${exact})`),
      lookup(`${host},concat(,txn.path,/),map_beg(${prefix})`),
    ]),
    lookup(`var(txn.path),map_str(${exact})`),
    lookup(`var(txn.path),concat(/),map_beg(${prefix})`),
    ...hosts.map((host) => lookup(`${host},map_str(${rest})`)),
    ...(all === undefined ? [] : [lookup(`str(${all})`)]),
    '  http-request return status 404 content-type text/plain string "no Ingress leads here\\n" unless { var(txn.to) -m found }',
    // What a client says of itself would be taken for our word.
    '  http-request del-header X-Forwarded-For',
    '  http-request del-header Forwarded',
    '  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]',
    '  http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    '  http-request set-header X-Forwarded-Port %[dst_port]',
    '  http-request set-header X-Real-IP %[src]',
    '  use_backend %[var(txn.to)]',
  ]
}
