/** MATCH_RECOGNIZE in a logical plan's text. */

import { printExpr } from '../../engine/expr/ir.ts'
import { printTerm } from '../../engine/operator/match/match-print.ts'
import { durationText, sortKeyText } from './explain-parts.ts'
import { fieldsOf, type MatchNode } from './node.ts'

export function matchText(node: MatchNode): string {
  const { partitionBy, orderBy, variables, withinUs, skip, rows, unmatched, empty } = node
  const names = variables.map(({ name }) => name)
  const per = partitionBy.length === 0 ? '' : ` per ${partitionBy.map(printExpr).join(', ')}`
  const within = withinUs === undefined ? '' : ` within ${durationText(withinUs)}`
  const to =
    'variables' in skip
      ? `to ${skip.to} ${skip.variables.map((v) => names[v]).join(', ')}`
      : skip.to === 'next-row'
        ? 'to next row'
        : 'past last row'
  const given = rows === 'one' ? 'one row' : unmatched ? 'all rows, unmatched too' : 'all rows'
  const defines = variables.flatMap(({ name, condition }) =>
    condition === undefined ? [] : [`${name} as ${printExpr(condition)}`],
  )
  const shown = empty ? '' : ', none if empty'
  return (
    `Match (${printTerm(node.pattern, names)})${within}${per} by ${orderBy.map(sortKeyText).join(', ')}` +
    `: ${given}${shown}, skip ${to}${defines.length === 0 ? '' : `, ${defines.join(', ')}`}` +
    ` -> ${outputText(node)}`
  )
}

function outputText(node: MatchNode): string {
  const fields = fieldsOf(node)
  return node.output
    .map((from, i) => {
      const { name } = fields[i]
      if (from.kind === 'column') return name
      const text = printExpr(node.measures[from.measure])
      return text === name ? text : `${text} AS ${name}`
    })
    .join(', ')
}
