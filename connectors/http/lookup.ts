/** Lookups over HTTP: a request for each key, several at once. */

import { fail, SqlError } from '../../engine/base/errors.ts'
import { jsonRowTexts } from '../../engine/batch/json-rows.ts'
import type { LookupClient, LookupConnector, LookupRequest } from '../../engine/source/lookup.ts'
import { readHeaders } from '../http-headers.ts'
import {
  type FoundJson,
  forEachOf,
  jsonAnswer,
  keyNames,
  keyTexts,
  wantedSchema,
} from '../lookup-rows.ts'
import { answerBody } from './answer-body.ts'

const REQUESTS_AT_ONCE = 8
const BODY_BYTES_MAX = 16 << 20
const PLACEHOLDER = /\{([^{}]*)\}/g

export const httpLookup: LookupConnector = { name: 'http', open: openHttpLookup }

function openHttpLookup(request: LookupRequest): LookupClient {
  const { options } = request.table
  const names = keyNames(request)
  const wanted = wantedSchema(request)
  const headers = { accept: 'application/json', ...readHeaders('headers', options.headers) }
  const isPost = options['lookup.method'] === 'POST'
  checkPlaceholders(options['lookup.url'], names)
  return {
    async lookup(keys, signal) {
      const texts = keyTexts(keys)
      const bodies = isPost ? jsonRowTexts(keys) : []
      const found: FoundJson[] = []
      await forEachOf(texts, REQUESTS_AT_ONCE, async (values, of) => {
        const url = addressOf(options['lookup.url'], names, values, isPost)
        const init = isPost
          ? { method: 'POST', body: bodies[of], headers: { ...JSON_BODY, ...headers } }
          : { headers }
        const json = await ask(url, { ...init, signal })
        if (json !== undefined) found.push({ of, json })
      })
      return jsonAnswer(wanted, found)
    },
    async close() {},
  }
}

const JSON_BODY = { 'content-type': 'application/json' }

function checkPlaceholders(url: string, names: readonly string[]): void {
  for (const [, name] of url.matchAll(PLACEHOLDER)) {
    if (names.includes(name)) continue
    fail(
      'INVALID_OPTION',
      `'lookup.url' needs the column ${name}, by which the query does not ask`,
      {
        hint: `ON must have an equality with ${name}.`,
      },
    )
  }
}

/** The address for a key, every value escaped. */
export function addressOf(
  template: string,
  names: readonly string[],
  values: readonly string[],
  isPost: boolean,
): string {
  const placed = new Set<string>()
  const url = template.replaceAll(PLACEHOLDER, (_, name: string) => {
    placed.add(name)
    return encodeURIComponent(values[names.indexOf(name)])
  })
  const rest = isPost ? [] : names.filter((name) => !placed.has(name))
  if (rest.length === 0) return url
  const query = new URLSearchParams(
    rest.map((name): [string, string] => [name, values[names.indexOf(name)]]),
  )
  return `${url}${url.includes('?') ? '&' : '?'}${query}`
}

/** The body; undefined: there is no row. Refusals of our request (4xx) are final, but for those
 *  that say "later". CONNECTOR_FAILED, LIMIT_EXCEEDED, INVALID_ARGUMENT. */
async function ask(url: string, init: RequestInit): Promise<Uint8Array | undefined> {
  const response = await fetch(url, init)
  const { status } = response
  if (status === 404 || status === 204) {
    await response.body?.cancel()
    return undefined
  }
  if (!response.ok) {
    await response.body?.cancel()
    const isRefused = status >= 400 && status < 500 && status !== 408 && status !== 429
    throw new SqlError(
      isRefused ? 'INVALID_ARGUMENT' : 'CONNECTOR_FAILED',
      `${new URL(url).host} answers ${status} ${response.statusText}`,
    )
  }
  const body = await answerBody(response, BODY_BYTES_MAX, 'LIMIT_EXCEEDED')
  const text = body.length <= 8 ? new TextDecoder().decode(body).trim() : '…'
  return text === '' || text === 'null' ? undefined : body
}
