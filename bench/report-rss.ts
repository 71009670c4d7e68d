import { writeFileSync } from 'node:fs'

/** Loaded before the engine by the benchmark: writes the process's largest resident set, in bytes, when it ends. */
process.on('exit', () => {
  const file = process.env['REPORT_RSS_TO']
  if (file !== undefined) writeFileSync(file, String(process.resourceUsage().maxRSS * 1024))
})
