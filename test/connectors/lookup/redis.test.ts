/** Lookups in Redis. */

import { createClient } from '@redis/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisLookup } from '../../../connectors/redis/lookup.ts'
import { connectLookup } from '../../../connectors/redis/lookup-connect.ts'
import { redis } from '../../../connectors/redis/spec.ts'
import { nodeDisk } from '../../../engine/base/disk.ts'
import { accepts, describeWith, findProgram, freePort, Program } from '../../brokers/program.ts'
import { asker } from './ask.ts'

const path = findProgram('redis-server')
const missing = path === undefined ? 'redis-server is not installed' : undefined

describeWith('Redis', missing, () => {
  let program: Program
  let url = ''
  const run = async (...commands: readonly (readonly string[])[]) => {
    const client = createClient({ url })
    await client.connect()
    for (const command of commands) await client.sendCommand([...command])
    client.destroy()
  }
  beforeAll(async () => {
    const port = await freePort()
    url = `redis://127.0.0.1:${port}`
    program = await Program.start({
      path: path!,
      args: (folder) => [
        '--port',
        String(port),
        '--dir',
        folder,
        '--bind',
        '127.0.0.1',
        '--save',
        '60 1',
      ],
      ready: () => accepts(port),
    })
    await run(
      ['HSET', 'user:1', 'name', 'ann', 'age', '9007199254740993', 'seen', '2024-01-01 00:00:00'],
      ['HSET', 'user:2', 'name', 'bob'],
      ['SET', 'doc:1', '{"name":"ann","age":9007199254740993,"id":"no"}'],
      ['SET', 'rate:eur', '1.25'],
      ['SET', 'eur:2024', '3'],
    )
  }, 60_000)
  afterAll(() => program?.close())

  const open = (
    columns: string,
    options: string,
    keys: readonly string[],
    asked: readonly string[],
  ) =>
    asker(
      redisLookup(nodeDisk, connectLookup),
      redis,
      `CREATE TABLE t (${columns}) WITH ('connector' = 'redis', 'url' = '${url}', ${options})`,
      keys,
      asked,
    )

  it('hashes: fields are columns', async () => {
    const { ask, client } = open(
      'id INT PRIMARY KEY NOT ENFORCED, name STRING, age BIGINT, seen TIMESTAMP(3)',
      "'mode' = 'hash', 'key' = 'user:{id}'",
      ['id'],
      ['name', 'id', 'age', 'seen'],
    )
    expect(await ask([1], [2], [3])).toEqual([
      `0: ann, 1, 9007199254740993, ${Date.UTC(2024, 0, 1) * 1000}`,
      '1: bob, 2, NULL, NULL',
    ])
    await run(['HSET', 'user:2', 'age', 'old'])
    await expect(ask([2])).rejects.toMatchObject({ code: 'INVALID_VALUE', retry: 'never' })
    await client.close()
  })

  it('JSON and strings', async () => {
    const json = open(
      'id INT PRIMARY KEY NOT ENFORCED, name STRING, age BIGINT',
      "'mode' = 'json', 'key' = 'doc:{id}'",
      ['id'],
      ['age', 'id', 'name'],
    )
    // The key's column is the key's, whatever the document says.
    expect(await json.ask([1], [2])).toEqual(['0: 9007199254740993, 1, ann'])
    await json.client.close()
    const rates = open(
      'cur STRING PRIMARY KEY NOT ENFORCED, rate DECIMAL(10, 2)',
      "'mode' = 'string', 'key' = 'rate:{cur}'",
      ['cur'],
      ['rate'],
    )
    expect(await rates.ask(['eur'], ['usd'])).toEqual(['0: 125'])
    await rates.client.close()
    const plain = open(
      'cur STRING, year INT, n INT, PRIMARY KEY (cur, year) NOT ENFORCED',
      "'mode' = 'string'",
      ['cur', 'year'],
      ['n', 'year'],
    )
    expect(await plain.ask(['eur', 2024], ['eur', 2025])).toEqual(['0: 3, 2024'])
    await plain.client.close()
  })

  it('a lost server is found again', async () => {
    const { ask, client } = open(
      'id INT PRIMARY KEY NOT ENFORCED, name STRING',
      "'mode' = 'hash', 'key' = 'user:{id}'",
      ['id'],
      ['name'],
    )
    expect(await ask([1])).toEqual(['0: ann'])
    await run(['SAVE'])
    await program.kill()
    await expect(ask([1])).rejects.toThrow()
    await expect(ask([1])).rejects.toThrow('ECONNREFUSED')
    await program.restart()
    expect(await ask([1])).toEqual(['0: ann'])
    await client.close()
  })
})
