/** Plans a query over a few tables and says in one line what is wrong with it: code, column and
 *  culprit, message, hint. */

import { SqlError } from '../../engine/base/errors.ts'
import {
  Catalog,
  defineTable,
  defineView,
  locate,
  Planner,
  parseStatements,
} from '../../sql/index.ts'

const TABLES = `
  CREATE TABLE orders (
    id INT NOT NULL, user_id INT, city STRING, amount DOUBLE, price DECIMAL(10, 2),
    tags ARRAY<STRING>, address ROW<street STRING, zip INT>, props MAP<STRING, INT>, doc JSON,
    day DATE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);
  CREATE TABLE users (id INT, name STRING, city STRING, PRIMARY KEY (id) NOT ENFORCED);
  CREATE TABLE rates (currency STRING, rate DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts,
    PRIMARY KEY (currency) NOT ENFORCED);
  CREATE VIEW totals AS SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id`

function catalogOf(): Catalog {
  const catalog = new Catalog()
  for (const statement of parseStatements(TABLES)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
    if (statement.kind === 'create-view') catalog.add(defineView(statement, catalog)!.entry)
  }
  return catalog
}

const CATALOG = catalogOf()

/** `CODE column [culprit] message | hint`, or "fine". A query that ends with `; for ever` is
 *  continuous. */
export function problemOf(text: string): string {
  const sql = text.replace(/; for ever$/, '')
  const mode = sql === text ? 'bounded' : 'continuous'
  try {
    const [statement] = parseStatements(sql)
    if (statement.kind !== 'select') return 'no query'
    new Planner(CATALOG).planQuery(statement, mode, { id: 'q', name: 'q' })
    return 'fine'
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return brief(error, sql)
  }
}

/** As `problemOf`, of an error that is there already. */
export function brief(error: SqlError, sql: string): string {
  const { code, message, hint, at, position } = locate(error, sql)
  if (at === undefined || position === undefined) return `${code} nowhere ${message}`
  const culprit = sql.slice(at.offset, at.offset + at.length)
  return `${code} ${position.column} [${culprit}] ${message}${hint === undefined ? '' : ` | ${hint}`}`
}
