import type { Container, GRPCAction, HTTPGetAction, TCPSocketAction } from '../api/generated/types.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import { podAddress } from './addresses.ts'
import type { PodContext } from './context.ts'

/** What a probe or a hook does, with its ports resolved. */
export type HandlerTarget = ExecTarget | HttpTarget | TcpTarget

/** Hooks know no gRPC. */
export type ProbeTarget = HandlerTarget | GrpcTarget

export interface ExecTarget {
  readonly kind: 'exec'
  readonly command: readonly string[]
}

/** HTTPS is not verified, as in Kubernetes. */
export interface HttpTarget {
  readonly kind: 'http'
  readonly scheme: 'HTTP' | 'HTTPS'
  readonly host: string
  readonly port: number
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export interface TcpTarget {
  readonly kind: 'tcp'
  readonly host: string
  readonly port: number
}

export interface GrpcTarget {
  readonly kind: 'grpc'
  readonly host: string
  readonly port: number
  /** What grpc.health.v1.Health is asked for; empty: the server as a whole. */
  readonly service: string
}

export interface SleepTarget {
  readonly kind: 'sleep'
  readonly ms: number
}

/** The kubelet's own headers; a probe that names one of them overrides it. */
const HEADERS = [
  ['User-Agent', 'kube-probe/1.36'],
  ['Accept', '*/*'],
] as const

export function httpTarget(
  action: HTTPGetAction,
  container: Container,
  pod: ObservedPod,
  context: PodContext,
): HttpTarget | undefined {
  const host = action.host || podAddress(pod, context)
  const port = portNumber(action.port, container)
  if (host === undefined || port === undefined) return undefined
  return {
    kind: 'http',
    scheme: action.scheme ?? 'HTTP',
    host,
    port,
    path: action.path || '/',
    headers: headers(action),
  }
}

export function tcpTarget(
  action: TCPSocketAction,
  container: Container,
  pod: ObservedPod,
  context: PodContext,
): TcpTarget | undefined {
  const host = action.host || podAddress(pod, context)
  const port = portNumber(action.port, container)
  return host === undefined || port === undefined ? undefined : { kind: 'tcp', host, port }
}

export function grpcTarget(
  action: GRPCAction,
  pod: ObservedPod,
  context: PodContext,
): GrpcTarget | undefined {
  const host = podAddress(pod, context)
  const { port, service = '' } = action
  return host === undefined ? undefined : { kind: 'grpc', host, port, service }
}

function headers(action: HTTPGetAction): HttpTarget['headers'] {
  const own = (action.httpHeaders ?? []).map(({ name, value }) => [name, value] as const)
  const named = new Set(own.map(([name]) => name.toLowerCase()))
  return [...HEADERS.filter(([name]) => !named.has(name.toLowerCase())), ...own].filter(
    ([, value]) => value !== '',
  )
}

/** A port by its number, or by the name that the container gives it. */
function portNumber(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port
  const named = container.ports?.find(({ name }) => name === port)
  if (named !== undefined) return named.containerPort
  return /^[0-9]+$/.test(port) ? Number(port) : undefined
}
