/** The one that runs here; pods that ask for another one wait for it, as in Kubernetes. */
export const DEFAULT_SCHEDULER = 'default-scheduler'
