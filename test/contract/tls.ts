/** What every connector with 'tls.…' options must keep: it talks to a server whose certificate its
 *  authority has given for the server's name, and to no other. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Certificates, makeCertificates, opensslMissing } from '../brokers/certificates.ts'
import type { TableOptions } from './broker.ts'

export interface SecureBroker {
  /** Reads the column `id` of one message, 7, by a table with these options beside those that name
   *  the server: `[[7]]`, or the text of the error with its code. */
  works(more: TableOptions): Promise<unknown>
  close(): Promise<void>
}

/** Registers the test. `start` starts a server that shows a certificate for 127.0.0.1. */
export function trustsOnlyItsAuthority(
  start: (certificates: Certificates) => Promise<SecureBroker>,
): void {
  // Certificates are made by openssl.
  it.skipIf(opensslMissing !== undefined)(
    'TLS, with an authority of its own and no other',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-certificates-'))
      const otherFolder = mkdtempSync(join(tmpdir(), 'millrace-certificates-'))
      const certificates = makeCertificates(folder)
      const other = makeCertificates(otherFolder).ca
      const { works, close } = await start(certificates)
      const errorOf = async (more: TableOptions) => String(await works(more))
      try {
        const good = { 'tls.ca-file': certificates.ca }
        expect(await works(good)).toEqual([[7]])
        expect(await errorOf({ 'tls.enabled': 'true' })).toMatch(/certificate.*CONNECTOR_FAILED/)
        expect(await errorOf({ 'tls.ca-file': other })).toMatch(/certificate.*CONNECTOR_FAILED/)
        const elsewhere = { ...good, 'tls.server-name': 'elsewhere.test' }
        expect(await errorOf(elsewhere)).toMatch(/elsewhere\.test.*CONNECTOR_FAILED/)
        const noFile = { 'tls.ca-file': `${folder}/none` }
        expect(await errorOf(noFile)).toMatch(/there is no file.*INVALID_OPTION/)
      } finally {
        await close()
        rmSync(folder, { recursive: true })
        rmSync(otherFolder, { recursive: true })
      }
    },
    60_000,
  )
}

/** Of an intake: what its table holds when it has a row, or what keeps it from being connected. */
export async function rowOrTrouble(
  server: {
    rows(sql: string): Promise<unknown[][]>
    get(path: string): Promise<{ readonly text: string }>
  },
  table: string,
): Promise<unknown> {
  for (;;) {
    const { intake } = JSON.parse((await server.get(`/v1/streams/${table}`)).text)
    if (intake.error !== null) return `${intake.error.message} ${intake.error.code}`
    const rows = await server.rows(`SELECT id FROM ${table}`)
    if (rows.length > 0) return rows
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
