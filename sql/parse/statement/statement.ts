/** One statement by its first word. */

import type { Statement } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { isQueryStart } from '../query-start.ts'
import { alter } from './alter.ts'
import { remove, update } from './change.ts'
import { create } from './create.ts'
import { drop } from './drop.ts'
import { explain } from './explain.ts'
import { insert } from './insert.ts'
import { expectEnd, queryStatement } from './query-statement.ts'
import { reset, set } from './set.ts'
import { describe, show } from './show.ts'
import type { StatementBody } from './statement-body.ts'
import { statementSet } from './statement-set.ts'

const FAMILIES: Readonly<Record<string, (cursor: Cursor) => StatementBody>> = {
  ALTER: alter,
  BEGIN: (cursor) => statementSet(cursor, statement),
  CREATE: create,
  DELETE: remove,
  DESC: describe,
  DESCRIBE: describe,
  DROP: drop,
  EXECUTE: (cursor) => statementSet(cursor, statement),
  EXPLAIN: (cursor) => explain(cursor, statement),
  INSERT: insert,
  RESET: reset,
  SET: set,
  SHOW: show,
  UPDATE: update,
}

/** First words of other systems' statements, and what to do here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ADD: 'Files and jars cannot be added',
  ANALYZE: 'Write EXPLAIN ANALYZE and the query',
  ASSERT: 'Check results with a SELECT',
  CALL: 'There are no procedures',
  COMMIT: 'Each statement stands alone; there are no transactions',
  COPY: 'Use millrace produce, or POST /v1/streams/{name}/records',
  DECLARE: 'Subscribe to a query: GET /v1/subscribe?sql=…',
  GRANT: 'Rights belong to tokens; see the security page',
  LIST: 'Write SHOW TABLES',
  LOAD: 'There are no modules',
  MERGE: 'INSERT INTO a table with PRIMARY KEY (…) NOT ENFORCED replaces rows',
  PAUSE: 'Write ALTER QUERY name PAUSE',
  PRINT: 'Write SELECT * FROM name',
  REFRESH: 'Materialized views are always fresh',
  RESUME: 'Write ALTER QUERY name RESUME',
  REVOKE: 'Rights belong to tokens; see the security page',
  ROLLBACK: 'Each statement stands alone; there are no transactions',
  START: 'Each statement stands alone; there are no transactions',
  STOP: 'Write DROP QUERY name',
  SUBSCRIBE: 'Subscribe over HTTP: GET /v1/subscribe?sql=…',
  TERMINATE: 'Write DROP QUERY name',
  TRUNCATE: 'Drop the table and create it again',
  USE: 'There is one catalog and one database',
}

/** The statement at the cursor, up to its `;` or the end. */
export function statement(cursor: Cursor): Statement {
  const first = cursor.token
  const body = bodyOf(cursor)
  return { ...body, at: cursor.spanFrom(first), text: cursor.textFrom(first) } as Statement
}

function bodyOf(cursor: Cursor): StatementBody {
  const { token } = cursor
  if (isQueryStart(cursor)) {
    const query = queryStatement(cursor)
    expectEnd(cursor)
    return { kind: 'select', ...query }
  }
  if (token.kind === 'word' && Object.hasOwn(FAMILIES, token.key)) {
    return FAMILIES[token.key](cursor)
  }
  if (token.kind === 'word' && Object.hasOwn(ELSEWHERE, token.key)) {
    cursor.refuse(token.key, { hint: ELSEWHERE[token.key] })
  }
  return cursor.unexpected({
    what: 'a statement',
    near: ['SELECT', 'WITH', 'VALUES', ...Object.keys(FAMILIES)],
    hint: 'Statements start with SELECT, CREATE, INSERT, DROP, ALTER, EXPLAIN, SHOW, DESCRIBE or SET',
  })
}
