import type { IngressConfig } from '../../../api/ingress.ts'
import type { TrafficProblem } from '../../../api/traffic.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { trialConfig } from './commands.ts'
import { checkConfig, type Proxy } from './proxy.ts'

export interface SortedCertificates {
  readonly good: IngressConfig['certificates']
  readonly problems: readonly TrafficProblem[]
}

/** Each is tried alone, so that one that the proxy does not take keeps none of the others from being shown. */
export async function sortCertificates(
  proxy: Proxy,
  certificates: IngressConfig['certificates'],
  signal?: AbortSignal,
): Promise<SortedCertificates> {
  const good: IngressConfig['certificates'][number][] = []
  const problems: TrafficProblem[] = []
  for (const one of certificates) {
    const said = await refusal(proxy, one, signal)
    if (said === undefined) good.push(one)
    else
      for (const service of one.ingresses)
        problems.push({
          service,
          reason: 'InvalidCertificate',
          message: `the proxy does not take the certificate of Secret ${one.secret}: ${said}`,
        })
  }
  return { good, problems }
}

async function refusal(
  proxy: Proxy,
  { pem }: IngressConfig['certificates'][number],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const folder = `${proxy.paths.directory}/trial`
  const file = (path: string, content: string) =>
    ({ path, mode: 0o600, what: { kind: 'file', content } }) as const
  await proxy.transport.makeDirectory(folder, 0o700)
  try {
    const entries = [file('trial.pem', pem.reveal()), file('trial.cfg', trialConfig(`${folder}/trial.pem`))]
    await proxy.transport.writeTree(folder, entries, signal)
    await checkConfig(proxy, `${folder}/trial.cfg`, signal)
    return undefined
  } catch (error) {
    if (!(error instanceof RuntimeFailure) || error.reason !== 'IngressRefused') throw error
    return reasonOf(error.message)
  } finally {
    await proxy.transport.remove(folder)
  }
}

/** `... 'crt' : inconsistencies between private key and certificate loaded from PEM file '/run/...'.` */
function reasonOf(said: string): string {
  const [, why] = /'crt' : (.*?)(?: from (?:PEM )?file|\.?\n|$)/.exec(said) ?? []
  return why ?? 'it is not one that it can read'
}
