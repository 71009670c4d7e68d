import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '../generated/types.ts'

export function probeWithDefaults(probe: Probe): Probe {
  return {
    ...probe,
    ...(probe.httpGet !== undefined && { httpGet: httpGetWithDefaults(probe.httpGet) }),
    ...(probe.grpc !== undefined && { grpc: { ...probe.grpc, service: probe.grpc.service ?? '' } }),
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    periodSeconds: probe.periodSeconds ?? 10,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  }
}

export function lifecycleWithDefaults(lifecycle: Lifecycle): Lifecycle {
  const { postStart, preStop } = lifecycle
  return {
    ...lifecycle,
    ...(postStart !== undefined && { postStart: handlerWithDefaults(postStart) }),
    ...(preStop !== undefined && { preStop: handlerWithDefaults(preStop) }),
  }
}

function handlerWithDefaults(handler: LifecycleHandler): LifecycleHandler {
  if (handler.httpGet === undefined) return handler
  return { ...handler, httpGet: httpGetWithDefaults(handler.httpGet) }
}

function httpGetWithDefaults(action: HTTPGetAction): HTTPGetAction {
  return { ...action, path: action.path || '/', scheme: action.scheme ?? 'HTTP' }
}
