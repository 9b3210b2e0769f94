/** Every file of `examples/` runs on a new server, whether what it connects to is there or not. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TestServer } from '../server/test-server.ts'

const FOLDER = join(import.meta.dirname, '../../examples')
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'))

test.each(files)('%s', async (name) => {
  const server = await TestServer.start()
  try {
    const sql = readFileSync(join(FOLDER, name), 'utf8')
    const { status, text } = await server.post('/v1/sql', { sql })
    expect(text).not.toContain('"code"')
    expect(status).toBe(200)
  } finally {
    await server.stop()
  }
})

test('webhook.sql and http.sql do what they say', async () => {
  const server = await TestServer.start()
  try {
    const { port } = new URL(server.url)
    for (const name of ['webhook.sql', 'http.sql']) {
      const sql = readFileSync(join(FOLDER, name), 'utf8').replaceAll(
        '127.0.0.1:7070',
        `127.0.0.1:${port}`,
      )
      expect((await server.post('/v1/sql', { sql: sql.replace("'5 s'", "'20 ms'") })).status).toBe(
        200,
      )
    }
    await server.post('/v1/webhooks/devices/level', { device: 'd1', level: 3 })
    expect((await server.post('/v1/webhooks/github/push', {})).status).toBe(401)
    await server.eventually('SELECT device, level FROM levels', [['d1', 3]])
    await server.post('/v1/streams/names/records', [{ id: 1, name: 'a' }])
    await server.eventually('SELECT name, n FROM polled_counts', [['a', 1]])
    await server.eventually('SELECT COUNT(*) > 0 FROM count_changes', [[true]])
  } finally {
    await server.stop()
  }
})
