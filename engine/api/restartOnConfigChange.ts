/** On a pod template: its pods are replaced when a ConfigMap or Secret that they use changes, instead of their files following. */
export const RESTART_ON_CONFIG_CHANGE = 'reconcile.dev/restart-on-config-change'

/** Set by the planner beside it: stands for the data, so that another one makes the template another one. */
export const CONFIG_HASH = 'reconcile.dev/config-hash'

interface Annotated {
  readonly annotations?: Readonly<Record<string, string>>
}

export function restartsOnConfigChange(metadata: Annotated | undefined): boolean {
  return metadata?.annotations?.[RESTART_ON_CONFIG_CHANGE] === 'true'
}
