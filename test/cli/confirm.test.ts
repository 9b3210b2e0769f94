import { afterEach, beforeEach, expect, it } from 'vitest'
import { MillraceClient, type MillraceError } from '../../client/index.ts'
import { runScript } from '../../server/cli/run-script.ts'
import { TestServer } from '../server/test-server.ts'

let server: TestServer
beforeEach(async () => {
  server = await TestServer.start()
  await server.sql(`CREATE TABLE t (k STRING, v INT);
    CREATE MATERIALIZED VIEW m AS SELECT k, SUM(v) AS x FROM t GROUP BY k;
    INSERT INTO t VALUES ('a', 1), ('a', 4)`)
  await server.eventually('SELECT * FROM m', [['a', 5]])
})
afterEach(() => server.stop())

const SCRIPT = `SELECT 1 AS one;
  ALTER MATERIALIZED VIEW m AS SELECT k, MAX(v) AS x FROM t GROUP BY k;`

it.each([true, false])('a statement that loses state is asked for (answer: %s)', async (answer) => {
  const asked: MillraceError[] = []
  const ask = async (error: MillraceError) => {
    asked.push(error)
    return answer
  }
  const client = new MillraceClient({ url: server.url })
  const run = runScript(client, SCRIPT, { format: 'json', ask })
  if (answer) await run
  else await expect(run).rejects.toMatchObject({ code: 'NEEDS_CONFIRMATION', line: 2 })
  expect(asked).toHaveLength(1)
  expect(asked[0].message).toContain('m would lose 1 row of state: Aggregate: SUM(v) by k')
  await server.eventually('SELECT * FROM m', [['a', answer ? 4 : 5]])
})

it('nobody to ask: it fails', async () => {
  const client = new MillraceClient({ url: server.url })
  await expect(runScript(client, SCRIPT, { format: 'json' })).rejects.toMatchObject({
    code: 'NEEDS_CONFIRMATION',
  })
  await expect(
    client.replaceQuery('m', 'SELECT k, MIN(v) AS x FROM t GROUP BY k'),
  ).rejects.toMatchObject({ code: 'NEEDS_CONFIRMATION' })
  expect((await client.renameQuery('m', 'n')).name).toBe('n')
})
