/** From the command to a server that answers: a fresh process with an empty data folder, and one
 *  that finds its data again. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure, type Timing } from './measure.ts'
import { milliseconds, say, type Topic } from './topic.ts'

const PLAN = { warmUps: 1, runs: 5 }
const COMMAND = join(import.meta.dirname, '../server/cli/main.ts')

export const start: Topic = {
  name: 'start',
  title: 'Server: start to ready',
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    try {
      const fresh = await timeStart(() => mkdtemp(join(folder, 'fresh-')))
      const again = await timeStart(async () => join(folder, 'again'))
      say(`fresh ${milliseconds(fresh.medianMs)}, again ${milliseconds(again.medianMs)}`)
      return {
        notes: [
          'From spawning `millrace serve` to the first 200 of `/readyz`, on a warm file cache.',
        ],
        header: ['data folder', 'median', 'best'],
        rows: [
          ['empty', milliseconds(fresh.medianMs), milliseconds(fresh.bestMs)],
          ['from an earlier run', milliseconds(again.medianMs), milliseconds(again.bestMs)],
        ],
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

async function timeStart(folderOf: () => Promise<string>): Promise<Timing> {
  let server: ChildProcess | undefined
  const stop = async () => {
    if (server === undefined) return
    const ended = new Promise((resolve) => server?.once('exit', resolve))
    server.kill('SIGTERM')
    await ended
    server = undefined
  }
  try {
    return await measure(
      PLAN,
      async () => {
        await stop()
        return folderOf()
      },
      async (folder) => {
        server = spawn(process.execPath, [COMMAND, 'serve', '--port', '0', '--data', folder], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const url = await readyUrl(server)
        const { status } = await fetch(`${url}/readyz`)
        if (status !== 200) throw new Error(`/readyz answers ${status}`)
      },
    )
  } finally {
    await stop()
  }
}

/** The address in the line that the server prints when it is ready. */
function readyUrl(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    server.stdout?.on('data', (bytes) => {
      text += bytes
      const url = /https?:\/\/[\d.:]+/.exec(text)?.[0]
      if (url !== undefined && text.includes('\n')) resolve(url)
    })
    server.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)))
  })
}
