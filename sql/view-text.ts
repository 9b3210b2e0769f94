/** Writes a CREATE VIEW statement: a view under another query. */

import type { CreateView } from './define.ts'
import { nameText, stringText } from './table-text.ts'

export type ViewParts = Pick<
  CreateView,
  'name' | 'materialized' | 'temporary' | 'columns' | 'comment' | 'options' | 'queryText'
>

export function viewText(view: ViewParts): string {
  const { name, materialized, temporary, columns, comment, options, queryText } = view
  const kind = `${temporary ? 'TEMPORARY ' : ''}${materialized ? 'MATERIALIZED ' : ''}VIEW`
  const list = columns.map(({ text }) => nameText(text)).join(', ')
  const pairs = options.map(({ key, value }) => `${stringText(key.text)} = ${stringText(value)}`)
  return [
    `CREATE ${kind} ${nameText(name.text)}`,
    ...(columns.length === 0 ? [] : [`(${list})`]),
    ...(comment === undefined ? [] : [`COMMENT ${stringText(comment)}`]),
    ...(options.length === 0 ? [] : [`WITH (${pairs.join(', ')})`]),
    `AS ${queryText}`,
  ].join(' ')
}
