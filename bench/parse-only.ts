import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

/** What any program must do at least: read the files of a folder and parse them. Prints how many objects there were. */
const folder = process.argv[2] ?? '.'
let objects = 0
for (const name of readdirSync(folder)) {
  for (const document of parseAllDocuments(readFileSync(join(folder, name), 'utf8'))) {
    if (document.toJS() !== null) objects += 1
  }
}
console.log(objects)
