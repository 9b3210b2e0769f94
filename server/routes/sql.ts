/** `/v1/sql` runs statements, `/v1/validate` only looks at them. */

import { z } from '@hono/zod-openapi'
import { fail } from '../../engine/base/errors.ts'
import type { App, AppContext } from '../app-context.ts'
import { readJson } from '../http/body.ts'
import { acceptedFormat, rowsResponse } from '../http/formats.ts'
import { parseWith } from '../http/parse.ts'
import { withSqlText } from '../http/sql-text.ts'
import { resultText, type StatementResult } from '../statement-result.ts'

export const SqlBody = z
  .strictObject({
    sql: z.string().openapi({ example: 'SELECT 1 AS one' }),
    confirm: z.string().optional().openapi({ description: 'From the problem that asked for it' }),
  })
  .openapi('Sql')

const JSON_TYPE = { 'content-type': 'application/json' }

export function sqlRoutes(app: App, context: AppContext): void {
  const { limits } = context.config
  app.post('/v1/sql', async (c) => {
    const format = acceptedFormat(c.req.header('accept'))
    const body = await readJson(c.env.incoming, limits.bodyBytesMax)
    const { sql, confirm } = parseWith(SqlBody, body, 'body')
    const results = await withSqlText(sql, () => context.database.execute(sql, { confirm }))
    if (format !== 'json') return rowsResponse(format, onlySelect(results))
    return c.body(`{"results":[${results.map(resultText).join(',')}]}`, 200, JSON_TYPE)
  })
  app.post('/v1/validate', async (c) => {
    const body = await readJson(c.env.incoming, limits.bodyBytesMax)
    const { sql } = parseWith(SqlBody, body, 'body')
    return c.json(await context.database.validate(sql))
  })
  register(app)
}

function onlySelect(results: readonly StatementResult[]) {
  const [result] = results
  if (results.length === 1 && result.kind === 'rows') return result
  return fail('BAD_REQUEST', 'Formats other than JSON are for a single SELECT', {
    hint: 'Send Accept: application/json.',
  })
}

function register(app: App): void {
  const body = { content: { 'application/json': { schema: SqlBody } }, required: true }
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/v1/sql',
    summary: 'Run statements in order; a SELECT answers over what is there now',
    request: { body },
    responses: {
      200: { description: 'One result per statement; a single SELECT also as CSV, NDJSON, Arrow' },
      default: { description: 'Problem details (RFC 9457) with line, column and hint' },
    },
  })
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/v1/validate',
    summary: 'Check statements without running them',
    request: { body },
    responses: { 200: { description: 'Diagnostics, output schema and plan per statement' } },
  })
}
