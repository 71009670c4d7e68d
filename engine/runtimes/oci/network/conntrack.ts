import type { Family, Frontend, Protocol } from '../../../api/traffic.ts'
import { type IpRange, ipRanges, placeInRange } from '../../../api/ipRanges.ts'
import { frontendKey } from '../../../api/traffic.ts'
import type { Command } from '../../../transport/transport.ts'

/** One connection as the kernel follows it: what was asked for, and who answers. */
export interface Flow {
  readonly source: string
  readonly sourcePort: string
  readonly target: string
  readonly targetPort: string
  readonly answers: string
  readonly answersPort: string
}

export type FollowedProtocol = Extract<Protocol, 'tcp' | 'udp'>

/**
 * What can lead somebody where nobody answers any more: of udp all, for it has no end of its own, so that what is used goes on for ever; of tcp what
 * was never answered. The kernel remembers that for two minutes, and leads there whoever begins from the same port in that time: a busy client
 * comes round to it within seconds.
 */
const FOLLOWED: Readonly<Record<FollowedProtocol, readonly string[]>> = {
  udp: ['-p', 'udp'],
  tcp: ['-p', 'tcp', '--state', 'SYN_SENT'],
}

export function listFlowsCommand(program: string, family: Family, protocol: FollowedProtocol): Command {
  return { argv: [program, '--dump', '-f', family === 'ip' ? 'ipv4' : 'ipv6', ...FOLLOWED[protocol]] }
}

/** `udp 17 29 src=A dst=B sport=C dport=D [UNREPLIED] src=E dst=F sport=G dport=H mark=0 use=1`, a line each. */
export function parseFlows(stdout: string): readonly Flow[] {
  return stdout.split('\n').flatMap((line) => {
    const [source, target, sourcePort, targetPort, answers, , answersPort] = [
      ...line.matchAll(/ (?:src|dst|sport|dport)=(\S+)/g),
    ].map(([, value]) => value)
    if (source === undefined || target === undefined || sourcePort === undefined) return []
    if (targetPort === undefined || answers === undefined || answersPort === undefined) return []
    return [{ source, sourcePort, target, targetPort, answers, answersPort }]
  })
}

/** What tells where somebody is led. */
export interface Leading {
  /** What answers there, by frontendKey. */
  readonly now: (key: string) => Frontend | undefined
  /** Where nothing is led from any more, by frontendKey. */
  readonly gone: ReadonlySet<string>
  /** Whoever was led from an address in these was led by a Service. */
  readonly ranges: readonly string[]
  /** The node's own addresses. */
  readonly own: ReadonlySet<string>
}

/** Those that go where nobody answers any more, and those that began before anybody did. */
export function staleFlows(
  flows: readonly Flow[],
  protocol: FollowedProtocol,
  { gone, now, own, ranges }: Leading,
): readonly Flow[] {
  const ofServices = ranges.flatMap(ipRanges)
  return flows.filter((flow) => {
    const port = Number(flow.targetPort)
    const keys = [frontendKey(flow.target, protocol, port)]
    if (own.has(flow.target)) keys.push(frontendKey(undefined, protocol, port))
    const frontend = keys.flatMap((key) => now(key) ?? [])[0]
    if (frontend === undefined)
      return (
        keys.some((key) => gone.has(key)) ||
        (isLed(flow) && ofServices.some((range) => isIn(range, flow.target)))
      )
    return !frontend.endpoints.some(
      ({ address, port: at }) => address === flow.answers && String(at) === flow.answersPort,
    )
  })
}

/** Not to where it was sent, as what DNS itself answers is. */
function isLed({ answers, target }: Flow): boolean {
  return answers !== target
}

function isIn(range: IpRange, address: string): boolean {
  return placeInRange(range, address) !== undefined
}

/** All in one process, which says nothing of those that have ended meanwhile. */
export function deleteFlowsCommand(
  program: string,
  family: Family,
  protocol: FollowedProtocol,
  flows: readonly Flow[],
): Command {
  const of = `${family === 'ip' ? '' : '-f ipv6 '}${FOLLOWED[protocol].join(' ')}`
  const lines = flows.map(
    ({ source, sourcePort, target, targetPort }) =>
      `-D ${of} -s ${source} -d ${target} --sport ${sourcePort} --dport ${targetPort}\n`,
  )
  return { argv: [program, '--load-file', '-'], stdin: lines.join('') }
}

/** Addresses that these frontends led to by tcp, and their successors do not. */
export function leftOfTcp(
  before: readonly Frontend[],
  now: (key: string) => Frontend | undefined,
): readonly string[] {
  const left = before
    .filter(({ protocol }) => protocol === 'tcp')
    .flatMap(({ address, endpoints, port, protocol }) => {
      const stay = new Set(now(frontendKey(address, protocol, port))?.endpoints.map((one) => one.address))
      return endpoints.flatMap((one) => (stay.has(one.address) ? [] : [one.address]))
    })
  return [...new Set(left)]
}

/** Whatever these addresses answered, by any protocol. */
export function deleteAnsweredCommand(program: string, addresses: readonly string[]): Command {
  return deleteByAnswerCommand(program, addresses, '')
}

/** What was begun to these addresses by tcp and never answered. */
export function deleteHalfOpenCommand(program: string, addresses: readonly string[]): Command {
  return deleteByAnswerCommand(program, addresses, `${FOLLOWED.tcp.join(' ')} `)
}

function deleteByAnswerCommand(program: string, addresses: readonly string[], which: string): Command {
  const lines = addresses.map(
    (address) => `-D ${address.includes(':') ? '-f ipv6 ' : ''}${which}-r ${address}\n`,
  )
  return { argv: [program, '--load-file', '-'], stdin: lines.join('') }
}
