import { constants } from 'node:os'

export const { SIGCONT, SIGKILL, SIGTERM, SIGUSR1 } = constants.signals

/** The first real-time signal that programs may use, on every Linux architecture with glibc or musl. */
const RTMIN = 34

/** `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3` (what systemd in a container wants); undefined when it is none of these. */
export function signalNumber(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text)
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG')
  const realTime = /^SIGRTMIN(?:\+(\d{1,2}))?$/.exec(name)
  if (realTime !== null) return RTMIN + Number(realTime[1] ?? 0)
  return Object.entries(constants.signals).find(([known]) => known === name)?.[1]
}
