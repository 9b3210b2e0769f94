/** The web console in a real browser: run SQL, read an error, watch a view change. */

import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MillraceClient } from '../../client/index.ts'
import { readConfig } from '../../server/config.ts'
import { type RunningServer, startServer } from '../../server/main.ts'
import { temporaryFolder } from '../engine/graph/harness.ts'

const CHROMIUM = '/usr/bin/chromium'
const missing = !existsSync(CHROMIUM)
if (missing && process.env.CI) throw new Error('Chromium is needed: apt-get install chromium')
if (missing) console.log('skipped: there is no Chromium here (apt-get install chromium)')

let server: RunningServer
let browser: Browser
let page: Page
const folder = temporaryFolder()

beforeAll(async () => {
  if (missing) return
  server = await startServer(readConfig({ port: 0, dataFolder: folder.path }, {}))
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  })
  page = await browser.newPage({ viewport: { width: 1200, height: 760 } })
  await page.goto(server.url)
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
  folder.remove()
})

// Without Chromium there is no browser to test in; the reason is printed above.
const inBrowser = test.skipIf(missing)

async function run(sql: string): Promise<void> {
  await page.fill('#sql', sql)
  await page.click('#run')
}

inBrowser('runs statements and shows their results', async () => {
  await run(`CREATE TABLE orders (ts TIMESTAMP(3), city STRING, amount DOUBLE,
      WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);
    CREATE MATERIALIZED VIEW cities AS
      SELECT city, COUNT(*) AS orders FROM orders GROUP BY city;
    SELECT 1 AS one, 'x' AS text, CAST(NULL AS INT) AS nothing;`)
  await page.waitForSelector('#output td')
  expect(await page.locator('#output tbody tr').innerText()).toBe('1\tx\tNULL')
  expect(await page.locator('#output').innerText()).toContain('Materialized view cities created')
})

inBrowser('an error shows its place and a way out', async () => {
  await run('SELECT citty FROM orders')
  const text = await page.locator('pre.error').innerText()
  expect(text).toContain('citty')
  expect(text).toContain('^^^^^')
  expect(text).toContain('hint:')
})

inBrowser('a view is followed as it changes, each row once', async () => {
  await page.click('#queries button:has-text("cities")')
  await page.waitForSelector('#output h2:has-text("Live: cities")')
  const client = new MillraceClient({ url: server.url })
  await client.produce('orders', [
    { ts: '2026-01-01T10:00:00', city: 'Bern', amount: 1 },
    { ts: '2026-01-01T10:00:01', city: 'Oslo', amount: 2 },
  ])
  await page.waitForSelector('#output td:has-text("Oslo")')
  await client.produce('orders', [{ ts: '2026-01-01T10:00:02', city: 'Bern', amount: 3 }])
  await page.waitForSelector('#output tr:has-text("Bern"):has-text("2")')
  const rows = await page.locator('#output tbody tr').allInnerTexts()
  expect(rows.toSorted()).toEqual(['Bern\t2', 'Oslo\t1'])
})

inBrowser('text from a query is never markup', async () => {
  await run(`SELECT '<img src=x onerror="document.title=1">' AS html`)
  await page.waitForSelector('#output td:has-text("<img")')
  expect(await page.title()).toBe('Millrace')
})
