import { execa } from 'execa'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Measurement } from '../measure.ts'
import { clusterYaml, commitFiles } from '../repository.ts'
import type { DaemonBench } from './daemon.ts'
import { EngineProcess } from './engineProcess.ts'
import { markedPod, Marks } from './marks.ts'

const COMMITS = 1000
/** After the last commit's pod runs: what was taken up late is counted, too. */
const SETTLE_MS = 3_000

/** A branch that moves a thousand times, each time by a commit of its own, as fast as Git moves it. Each commit has one more ConfigMap. */
export async function benchBurst(bench: DaemonBench): Promise<readonly Measurement[]> {
  const { folder, registry } = bench
  const repo = join(folder, 'burst')
  const root = join(folder, 'burst-root')
  using marks = new Marks(join(folder, 'burst-marks'))
  await commitFiles(repo, {
    'cluster.yaml': clusterYaml(registry),
    'warm.yaml': markedPod('warm', marks),
  })
  const moves = await prepare(repo, markedPod('last', marks))
  return await bench.down(root, async () => {
    await using daemon = await EngineProcess.start(repo, root)
    await marks.until('warm', 1)
    await sleep(SETTLE_MS)
    const before = await daemon.metric('reconcile_ticks_total')
    const began = performance.now()
    await execa('git', ['update-ref', '--stdin'], { cwd: repo, input: moves })
    const movedMs = performance.now() - began
    await marks.until('last', 1)
    const ms = performance.now() - began
    await sleep(SETTLE_MS)
    const ticks = (await daemon.metric('reconcile_ticks_total')) - before
    return [
      {
        what: `ticks for ${COMMITS} commits within ${(movedMs / 1000).toFixed(1)} s`,
        value: ticks,
        unit: 'ticks',
        runs: 1,
        target: { text: 'under 100 ticks', most: 100 },
      },
      { what: `from the first of them to the container of the last running`, value: ms, unit: 'ms', runs: 1 },
    ]
  })
}

/** Commits that no branch has yet, and what moves the branch over them: one transaction each. */
async function prepare(repo: string, last: string): Promise<string> {
  const { stdout: head } = await execa('git', ['rev-parse', 'HEAD'], { cwd: repo })
  const stream: string[] = []
  for (let index = 1; index <= COMMITS; index += 1) {
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-${index}}\ndata: {a: b}\n`
    stream.push(
      `commit refs/burst/${index}`,
      `committer bench <bench@example.invalid> ${1_700_000_000 + index} +0000`,
      'data 1\nx',
      `from ${index === 1 ? head : `refs/burst/${index - 1}`}`,
      `M 644 inline config/${index}.yaml`,
      `data ${text.length}\n${text}`,
      ...(index === COMMITS ? ['M 644 inline last.yaml', `data ${last.length}\n${last}`] : []),
    )
  }
  await execa('git', ['fast-import', '--quiet'], { cwd: repo, input: `${stream.join('\n')}\n` })
  const format = ['--format=%(objectname)', '--sort=committerdate', 'refs/burst']
  const { stdout } = await execa('git', ['for-each-ref', ...format], { cwd: repo })
  return stdout
    .split('\n')
    .map((id) => `start\nupdate refs/heads/main ${id}\ncommit\n`)
    .join('')
}
