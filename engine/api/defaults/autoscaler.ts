import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec } from '../generated/types.ts'

export function autoscalerWithDefaults(autoscaler: HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const { spec } = autoscaler
  return {
    ...autoscaler,
    spec: {
      ...spec,
      minReplicas: spec.minReplicas ?? 1,
      metrics:
        spec.metrics === undefined || spec.metrics.length === 0
          ? [
              {
                type: 'Resource',
                resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
              },
            ]
          : spec.metrics,
      ...(spec.behavior !== undefined && { behavior: behaviorWithDefaults(spec.behavior) }),
    },
  }
}

type Behavior = NonNullable<HorizontalPodAutoscalerSpec['behavior']>

function behaviorWithDefaults(behavior: Behavior): Behavior {
  return {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [
        { type: 'Pods', value: 4, periodSeconds: 15 },
        { type: 'Percent', value: 100, periodSeconds: 15 },
      ],
      ...behavior.scaleUp,
    },
    scaleDown: {
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      ...behavior.scaleDown,
    },
  }
}
