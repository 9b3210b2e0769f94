/** A PostgreSQL server with one database, and a client of the tests' own. */

import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import pg from 'pg'
import { accepts, findProgram, freePort, Program } from './program.ts'

const VERSIONS = [18, 17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin`)
const path = findProgram('postgres', VERSIONS)

/** Why there is no PostgreSQL here. */
export const postgresMissing = path === undefined ? 'PostgreSQL is not installed' : undefined

/** PostgreSQL refuses to run as root. */
function otherUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres']).stdout.toString())
  return { uid: id('-u'), gid: id('-g') }
}

export class PostgresBroker {
  readonly #program: Program
  /** `postgresql://user@host:port/database` */
  readonly url: string

  private constructor(program: Program, url: string) {
    this.#program = program
    this.url = url
  }

  /** `settings`: lines of postgresql.conf, such as `wal_level = logical`. */
  static async start(settings: readonly string[] = []): Promise<PostgresBroker> {
    const port = await freePort()
    const user = otherUser()
    const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
    const program = await Program.start({
      path: path!,
      ...user,
      args: (folder) => [
        ...['-D', `${folder}/data`, '-p', String(port), '-h', '127.0.0.1', '-k', `${folder}/data`],
        ...['fsync=off', ...settings].flatMap((line) => ['-c', line.replaceAll(' ', '')]),
      ],
      prepare: (folder) => {
        const data = `${folder}/data`
        mkdirSync(data)
        // The folder above is ours alone, and the server has to get through it.
        chmodSync(folder, 0o755)
        chmodSync(data, 0o700)
        if (user.uid !== undefined) chownSync(data, user.uid, user.gid!)
        const made = spawnSync(
          `${dirname(path!)}/initdb`,
          ['-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--no-sync'],
          { ...user, cwd: data },
        )
        if (made.status !== 0) throw new Error(made.stderr.toString())
      },
      ready: async () => {
        if (!(await accepts(port))) return false
        const client = new pg.Client(url)
        await client.connect()
        await client.end()
        return true
      },
    })
    return new PostgresBroker(program, url)
  }

  async run(...statements: readonly string[]): Promise<void> {
    const client = new pg.Client(this.url)
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }

  /** The rows of a query, each an array. */
  async query(text: string): Promise<unknown[][]> {
    const client = new pg.Client(this.url)
    await client.connect()
    try {
      return (await client.query({ text, rowMode: 'array' })).rows
    } finally {
      await client.end()
    }
  }

  kill(): Promise<void> {
    return this.#program.kill()
  }

  restart(): Promise<void> {
    return this.#program.restart()
  }

  /** At once, whoever is connected. */
  async close(): Promise<void> {
    await this.#program.kill()
    await this.#program.close()
  }
}
