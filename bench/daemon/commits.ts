import { execa } from 'execa'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Measurement, median, quantile } from '../measure.ts'
import { rawPod } from '../raw-loop.ts'
import { clusterYaml, commitFiles } from '../repository.ts'
import type { DaemonBench } from './daemon.ts'
import { EngineProcess } from './engineProcess.ts'
import { markedPod, Marks } from './marks.ts'

/** More than three commits in five seconds are a burst, in which the daemon rests between looks; people commit less often. */
const BETWEEN_MS = 1_800
const RAW_RUNS = 5

/**
 * One more pod with each commit, in a repository on this machine. From before `git commit` is started, its own time included, until the
 * container's process has written a file.
 */
export async function benchCommits(bench: DaemonBench): Promise<readonly Measurement[]> {
  const { commits, folder, registry } = bench
  const repo = join(folder, 'commits')
  const root = join(folder, 'commits-root')
  using marks = new Marks(join(folder, 'commits-marks'))
  await commitFiles(repo, {
    'cluster.yaml': clusterYaml(registry),
    'warm.yaml': markedPod('warm', marks),
  })
  return await bench.down(root, async () => {
    await using _daemon = await EngineProcess.start(repo, root)
    await marks.until('warm', 1)
    const times: number[] = []
    for (let index = 0; index < commits; index += 1) {
      await sleep(BETWEEN_MS)
      times.push(await commitPod(repo, `pod-${index}`, marks))
    }
    const raw = await rawPod(root, join(folder, 'commits-raw'), RAW_RUNS)
    return [
      row(commits, '50th', median(times), { text: 'under 300 ms', most: 300 }),
      row(commits, '99th', quantile(times, 0.99), { text: 'under 1 s', most: 1000 }),
      { what: 'the raw loop beside it, 1 pod', value: median(raw), unit: 'ms', runs: RAW_RUNS },
    ]
  })
}

function row(commits: number, which: string, value: number, target: Measurement['target']): Measurement {
  return {
    what: `git commit to container running, ${which} percentile of ${commits}`,
    value,
    unit: 'ms',
    runs: commits,
    ...(target && { target }),
  }
}

async function commitPod(repo: string, name: string, marks: Marks): Promise<number> {
  writeFileSync(join(repo, `${name}.yaml`), markedPod(name, marks))
  await execa('git', ['add', '--all'], { cwd: repo })
  const began = performance.now()
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.invalid', '-c', 'gc.auto=0']
  const committed = execa('git', [...identity, 'commit', '--quiet', '--message', name], { cwd: repo })
  await Promise.all([marks.until(name, 1), committed])
  return performance.now() - began
}
