/** Encrypted connections to PostgreSQL, in both directions. */

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCertificates, opensslMissing } from '../../brokers/certificates.ts'
import { PostgresBroker, postgresMissing } from '../../brokers/postgres.ts'
import { describeWith } from '../../brokers/program.ts'
import { TestServer } from '../../server/test-server.ts'

describeWith('PostgreSQL with TLS', postgresMissing ?? opensslMissing, () => {
  test('is spoken to only if its certificate is trusted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-tls-'))
    const { ca, cert, key } = makeCertificates(folder)
    chmodSync(folder, 0o755)
    chmodSync(key, 0o600)
    // The server refuses a key that is not its own.
    if (process.getuid?.() === 0) spawnSync('chown', ['postgres', key, cert])
    const broker = await PostgresBroker.start([
      ...['wal_level = logical', 'ssl = on', `ssl_cert_file = ${cert}`, `ssl_key_file = ${key}`],
    ])
    const server = await TestServer.start()
    try {
      await broker.run(
        'CREATE TABLE source (n bigint PRIMARY KEY)',
        'CREATE TABLE target (n bigint)',
      )
      const { hostname, port, username } = new URL(broker.url)
      const define = (name: string, more: string) =>
        server.sql(`CREATE TABLE ${name}_in (n BIGINT, PRIMARY KEY (n) NOT ENFORCED) WITH ('connector' = 'postgres-cdc',
            'hostname' = '${hostname}', 'port' = '${port}', 'username' = '${username}', 'database-name' = 'postgres',
            'table-name' = 'source', 'slot.name' = '${name}'${more});
          CREATE TABLE ${name}_out (n BIGINT) WITH ('connector' = 'jdbc', 'url' = '${broker.url}', 'table-name' = 'target'${more})`)
      await define('safe', `, 'tls.ca-file' = '${ca}'`)
      await define('unknown', `, 'tls.enabled' = 'true'`)
      await server.sql(`CREATE MATERIALIZED VIEW seen AS SELECT n FROM safe_in;
        CREATE TABLE numbers (n BIGINT); INSERT INTO safe_out SELECT n FROM numbers;
        INSERT INTO unknown_out SELECT n FROM numbers; INSERT INTO numbers VALUES (1)`)
      await broker.run('INSERT INTO source VALUES (7)')
      await server.eventually('SELECT n FROM seen', [[7]])
      await expect.poll(() => broker.query('SELECT n::int FROM target')).toEqual([[1]])
      const encrypted = await broker.query(
        `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'millrace'`,
      )
      expect(encrypted).toEqual([[true]])
      expect((await server.get('/v1/streams/unknown_in')).text).toMatch(
        /CONNECTOR_FAILED.*certificate/,
      )
      expect((await server.get('/v1/queries/insert_into_unknown_out')).text).toMatch(
        /CONNECTOR_FAILED.*certificate/,
      )
    } finally {
      await server.stop()
      await broker.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)
})
