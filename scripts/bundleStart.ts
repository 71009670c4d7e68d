import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { Script } from 'node:vm'

/**
 * Where the engine starts that scripts/bundle.ts has put into one file. A script, and not a module: of a module Node's compile cache keeps
 * what V8 had compiled before it ran, of a script we keep what it has compiled by its end. That is 40 ms of a run in which nothing is to
 * be done, since nearly every function runs once.
 */
declare const ENGINE: string

const [, , word = ''] = process.argv
// A command's own: each runs another part of the engine.
const command = /^[a-z][a-z-]*$/.test(word) ? word : process.argv.includes('--once') ? 'once' : 'follow'
const engine = `${import.meta.dirname}/${ENGINE}`
// What was compiled with other flags V8 refuses, and a daemon has others than all else (engine/main.ts).
const machine = `${process.version}-${process.arch}${process.execArgv.join('').replaceAll(/[^a-z0-9=]/g, '')}`
const compiled = `${engine}-${command}-${machine}`

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/**
 * What another command has left: this one's first run begins with it. With nothing V8 takes the whole engine apart at once, and what that
 * needs, 40 MB, a daemon keeps for as long as it lives.
 */
function othersCode(): Buffer | undefined {
  const names = readdirSync(import.meta.dirname)
  const found = names.find((name) => name.startsWith(`${ENGINE}-`) && name.endsWith(`-${machine}`))
  return found === undefined ? undefined : read(`${import.meta.dirname}/${found}`)
}

const ownCode = read(compiled)
const cachedData = ownCode ?? othersCode()
// All its letters are ASCII.
const script = new Script(readFileSync(`${engine}.js`, 'latin1'), { filename: `${engine}.js`, cachedData })

process.on('exit', (status) => {
  if (status !== 0 || (ownCode !== undefined && script.cachedDataRejected !== true)) return
  try {
    const aside = `${compiled}.${process.pid}`
    writeFileSync(aside, script.createCachedData(), { flush: true })
    renameSync(aside, compiled)
  } catch {
    // Not writable, or gone since: the next run takes as long as this one.
  }
})

const run: (moduleUrl: string) => Promise<void> = script.runInThisContext()
await run(import.meta.url)
