import type { Line } from './line.ts'

/** What sshd tells whatever it starts, our program at the other end among it. */
export async function arrivalOver({ operate }: Line, signal?: AbortSignal): Promise<string | undefined> {
  const [environment] = await operate('readFile', ['/proc/self/environ'], signal)
  return environment === undefined ? undefined : arrivalIn(environment.toString())
}

/** Of `SSH_CONNECTION=198.51.100.7 50344 192.0.2.11 22` (sshd(8)) the third word; a zone of IPv6 is no part of an address. */
export function arrivalIn(environment: string): string | undefined {
  const line = environment.split('\0').find((one) => one.startsWith('SSH_CONNECTION='))
  const address = line?.split('=', 2)[1]?.split(' ')[2]?.split('%')[0]
  return address === undefined || address === 'UNKNOWN' ? undefined : address
}
