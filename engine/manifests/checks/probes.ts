import type {
  Container,
  HTTPGetAction,
  IntOrString,
  LifecycleHandler,
  Probe,
} from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { portName } from './names.ts'

type ProbeField = 'livenessProbe' | 'readinessProbe' | 'startupProbe'

const HANDLERS = ['exec', 'grpc', 'httpGet', 'tcpSocket']
const HOOKS = ['exec', 'httpGet', 'sleep']

export function checkProbes(context: CheckContext, path: Path, container: Container): void {
  for (const field of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[field]
    if (probe !== undefined) checkProbe(context, [...path, field], field, probe, container)
  }
}

function checkProbe(
  context: CheckContext,
  path: Path,
  field: ProbeField,
  probe: Probe,
  container: Container,
): void {
  checkOne(context, path, HANDLERS, probe)
  checkAction(context, path, probe, container)
  if (field === 'readinessProbe') {
    if (probe.terminationGracePeriodSeconds !== undefined) {
      context.error([...path, 'terminationGracePeriodSeconds'], 'must not be set for readiness probes')
    }
  } else if (probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    context.error([...path, 'successThreshold'], 'must be 1 for liveness and startup probes')
  }
}

export function checkLifecycle(
  context: CheckContext,
  path: Path,
  container: Container,
  graceSeconds: number,
  os: string | undefined,
): void {
  const { lifecycle } = container
  if (lifecycle === undefined) return
  for (const field of ['postStart', 'preStop'] as const) {
    const hook = lifecycle[field]
    if (hook !== undefined) checkHook(context, [...path, 'lifecycle', field], hook, container, graceSeconds)
  }
  if (lifecycle.stopSignal !== undefined)
    checkStopSignal(context, [...path, 'lifecycle', 'stopSignal'], lifecycle.stopSignal, os)
}

function checkHook(
  context: CheckContext,
  path: Path,
  hook: LifecycleHandler,
  container: Container,
  graceSeconds: number,
): void {
  checkOne(context, path, HOOKS, hook, ['tcpSocket'])
  // The hook by tcpSocket is refused before, and not looked into.
  const { tcpSocket: _, ...action } = hook
  checkAction(context, path, action, container)
  const seconds = hook.sleep?.seconds
  if (seconds !== undefined && (seconds < 0 || seconds > graceSeconds)) {
    const message = `must be between 0 and terminationGracePeriodSeconds, ${graceSeconds}`
    context.error([...path, 'sleep', 'seconds'], message)
  }
}

const SIGNAL =
  /^SIG(?:ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?)$/

function checkStopSignal(context: CheckContext, path: Path, signal: string, os: string | undefined): void {
  if (!SIGNAL.test(signal)) context.error(path, `${JSON.stringify(signal)} is no signal`, 'such as SIGTERM')
  else if (os === undefined)
    context.error(path, 'may not be set without spec.os.name', 'set os: {name: linux}')
}

/** Exactly one of the fields is used. `refused`: fields of Kubernetes that count too, but are not supported. */
export function checkOne(
  context: CheckContext,
  path: Path,
  offered: readonly string[],
  value: object,
  refused: readonly string[] = [],
): void {
  const used = [...offered, ...refused].filter((field) => field in value)
  if (used.length === 1) return
  if (used.length === 0) context.error(path, `must have one of ${offered.join(', ')}`)
  else context.error(path, `may not have more than one of ${used.join(', ')}`)
}

interface Action {
  readonly exec?: Probe['exec']
  readonly httpGet?: HTTPGetAction
  readonly tcpSocket?: { readonly port: IntOrString }
}

function checkAction(context: CheckContext, path: Path, action: Action, container: Container): void {
  const { exec, httpGet, tcpSocket } = action
  if (exec !== undefined && (exec.command ?? []).length === 0) {
    context.error([...path, 'exec', 'command'], 'required field is missing')
  }
  if (httpGet !== undefined) {
    checkPort(context, [...path, 'httpGet', 'port'], httpGet.port, container)
    for (const [index, header] of (httpGet.httpHeaders ?? []).entries()) {
      if (/^[-A-Za-z0-9]+$/.test(header.name)) continue
      const at = [...path, 'httpGet', 'httpHeaders', index, 'name']
      context.error(at, `${JSON.stringify(header.name)} must consist of letters, digits or '-'`)
    }
  }
  if (tcpSocket !== undefined) checkPort(context, [...path, 'tcpSocket', 'port'], tcpSocket.port, container)
}

function checkPort(context: CheckContext, path: Path, port: IntOrString, container: Container): void {
  if (typeof port === 'number') {
    if (port < 1 || port > 65_535) context.error(path, `must be between 1 and 65535, not ${port}`)
    return
  }
  const rule = portName(port)
  if (rule !== undefined)
    context.error(path, `the port name ${JSON.stringify(port)} ${rule}`, hintOfNumber(port))
  else if (!(container.ports ?? []).some((one) => one.name === port)) {
    context.warn(path, `the container has no port named ${port}, so this will fail`)
  }
}

function hintOfNumber(port: string): string | undefined {
  return /^[0-9]+$/.test(port) ? 'take away the quotes' : undefined
}
