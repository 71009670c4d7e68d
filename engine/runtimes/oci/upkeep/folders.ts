import { readText } from '../node/node.ts'
import { installHook, ownHook, prepareRunDirectory, shortenEvents } from '../node/prepareNode.ts'
import type { Looking, Repair } from './repair.ts'

/** The root's own folders and files, which every pod's life needs. */
export async function folderRepairs(looking: Looking): Promise<readonly Repair[]> {
  const { paths, transport } = looking
  await shortenEvents(transport, paths)
  return [...(await goneFolder(looking)), ...(await goneHook(looking)), ...(await goneEvents(looking))]
}

async function goneFolder({ paths, transport }: Looking): Promise<readonly Repair[]> {
  for (const folder of [paths.runPods, paths.pods]) {
    if ((await transport.stat(folder)) !== undefined) continue
    const mend = async (): Promise<string> => {
      await prepareRunDirectory(transport, paths)
      return 'it was made again'
    }
    return [{ found: `folder ${folder} is gone`, mend }]
  }
  return []
}

async function goneHook({ isReady, paths, transport }: Looking): Promise<readonly Repair[]> {
  const { path, script } = ownHook(paths)
  const there = await transport.stat(path)
  // An engine of another version that has taken over, and has not had to start anything yet, brings its own.
  if (there === undefined && !isReady) return []
  if (there?.kind === 'file' && (await readText(transport, path)) === script.toString()) return []
  const mend = async (): Promise<string> => {
    // One of the right length is taken for the right one.
    await transport.remove(path)
    await transport.makeDirectory(paths.hooks, 0o700)
    await installHook(transport, paths)
    return 'it was written again'
  }
  return [{ found: `exit hook ${path} is gone or was changed`, mend }]
}

/** Whoever watches the folder hears of the new one. */
async function goneEvents({ paths, transport }: Looking): Promise<readonly Repair[]> {
  const there = await transport.stat(paths.events)
  if (there?.kind === 'file') return []
  const mend = async (): Promise<string> => {
    if (there !== undefined) await transport.remove(paths.events)
    await transport.writeFile(paths.events, '', 0o600)
    return 'it was made again'
  }
  return [
    {
      found: `file ${paths.events} is gone${there === undefined ? '' : `: what has its name is no file`}`,
      mend,
    },
  ]
}
