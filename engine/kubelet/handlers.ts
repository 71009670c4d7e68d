/** What a probe or a hook does, with its ports resolved. */
export type HandlerTarget = ExecTarget | HttpTarget | TcpTarget

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

export interface SleepTarget {
  readonly kind: 'sleep'
  readonly ms: number
}
