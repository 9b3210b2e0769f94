/** `millrace consume`: takes records of a stream for a consumer group, prints them and acknowledges
 *  them. */

import { Command } from 'commander'
import { type ConnectionOptions, connect, withConnection } from './connection.ts'
import { positive } from './tail.ts'

interface ConsumeOptions extends ConnectionOptions {
  readonly group: string
  readonly limit?: number
  readonly follow?: boolean
  readonly json?: boolean
}

const BATCH = 500
const WAIT_MS = 30_000

export function consumeCommand(): Command {
  return withConnection(
    new Command('consume')
      .description('take records of a stream for a consumer group, one line of JSON each')
      .argument('<stream>', 'name of the stream')
      .requiredOption(
        '--group <name>',
        'the group, made when it is new; each record goes to one of it',
      )
      .option('--limit <records>', 'stop after so many', positive)
      .option('--follow', 'wait for more; otherwise it ends when no record is ready')
      .option('--json', 'print what is known of a record, not only its value'),
  ).action(runConsume)
}

async function runConsume(stream: string, options: ConsumeOptions): Promise<void> {
  const client = connect(options)
  const { group, limit = Infinity, follow, json } = options
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    for (let left = limit; left > 0 && !stop.signal.aborted; ) {
      const wish = { limit: Math.min(left, BATCH), waitMs: follow ? WAIT_MS : 0 }
      const records = await client.consume(stream, group, { ...wish, signal: stop.signal })
      if (records.length === 0 && !follow) return
      const lines = records.map((record) => `${JSON.stringify(json ? record : record.value)}\n`)
      // A record that nobody has seen comes again.
      await printed(lines.join(''))
      if (records.length > 0) await client.ack(stream, group, records)
      left -= records.length
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

const printed = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
