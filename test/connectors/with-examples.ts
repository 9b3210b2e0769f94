/** Runs files of `examples/` on a new server. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestServer } from '../server/test-server.ts'

export const EXAMPLES = join(import.meta.dirname, '../../examples')

/** The text of an example that writes its files into the server's own folder. */
export const exampleText = (name: string, server: TestServer): string =>
  readFileSync(join(EXAMPLES, name), 'utf8').replaceAll("'out/", `'${server.folder}/out/`)

/** Runs examples, with other texts in the place of some: brokers are at other addresses. */
export async function withExamples(
  names: readonly string[],
  changes: Readonly<Record<string, string>>,
  check: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await TestServer.start()
  try {
    const texts = names.map((name) => exampleText(name, server))
    for (const from of Object.keys(changes)) {
      if (!texts.some((text) => text.includes(from))) throw new Error(`nothing says ${from}`)
    }
    for (let sql of texts) {
      for (const [from, to] of Object.entries(changes)) sql = sql.replaceAll(from, to)
      await server.sql(sql)
    }
    await check(server)
  } finally {
    await server.stop()
  }
}
