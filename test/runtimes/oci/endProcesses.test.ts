import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endProcesses } from '../../../engine/runtimes/oci/node/endProcesses.ts'
import { readProcesses } from '../../../engine/runtimes/oci/node/processes.ts'
import { localTransport } from '../../../engine/transport/local.ts'

const transport = localTransport()

/** Says a word once it does with SIGTERM what it is told to. */
async function startProcess(
  atSigterm: string,
): Promise<{ readonly child: ChildProcess; readonly pid: number }> {
  const script = `process.on('SIGTERM', () => { ${atSigterm} }); setInterval(() => {}, 1000); console.log('ready')`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout ?? child, 'data')
  return { child, pid: child.pid ?? 0 }
}

async function running(pids: readonly number[]): Promise<readonly number[]> {
  return [...(await readProcesses(transport, pids)).keys()]
}

describe.concurrent('processes that are to end', () => {
  test('end by themselves when they are asked', async () => {
    const { child, pid } = await startProcess('process.exit(3)')
    await endProcesses(transport, { what: 'the server', reason: 'NotReady', pids: [pid], left: running })
    expect(await running([pid])).toEqual([])
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(3)
  })

  test('are killed when they do not', async () => {
    const { child, pid } = await startProcess('')
    await endProcesses(transport, { what: 'the server', reason: 'NotReady', pids: [pid], left: running })
    expect(await running([pid])).toEqual([])
    expect(child.signalCode ?? (await once(child, 'exit'))[1]).toBe('SIGKILL')
  })

  test('and are there still when they were killed are not waited for without end', async () => {
    // One more than the kernel gives to any.
    const pid = 2 ** 22 + 1
    const left = async (pids: readonly number[]) => pids
    const ending = endProcesses(transport, { what: 'the server', reason: 'NotReady', pids: [pid], left })
    await expect(ending).rejects.toThrow(
      `ending the server: process ${pid} was killed and is there still after 10 s`,
    )
  })
})
