/** Checks what a request gives against a zod schema. */

import type { z } from '@hono/zod-openapi'
import { fail } from '../../engine/base/errors.ts'

/** The value in the schema's type. BAD_REQUEST that names the first field that is wrong. */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: 'body' | 'query',
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issues = result.error.issues.map(({ path, message }) => ({
    field: path.join('.'),
    message,
  }))
  const [first] = issues
  const place = first.field === '' ? `request ${what}` : `'${first.field}'`
  fail('BAD_REQUEST', `The ${place} is not valid: ${first.message}`, { details: { issues } })
}
