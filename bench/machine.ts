/** Where numbers were measured: without it they mean nothing. */

import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** One line of Markdown: CPU, cores, memory, Node version, system, commit, and how busy it was. */
export function machineLine(): string {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU'
  const cores = availableParallelism()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const load = `load ${loadavg()[0].toFixed(1)} before`
  return [
    cpu,
    `${cores} cores`,
    memory,
    `Node ${process.version}`,
    process.platform,
    commit(),
    load,
  ].join(', ')
}

/** The commit, with a + if the tree differs from it. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    const changed = git('status', '--porcelain', '--', ':!RESULTS.md') === '' ? '' : '+'
    return `commit ${git('rev-parse', '--short', 'HEAD')}${changed}`
  } catch {
    return 'no commit'
  }
}
