/** Ties together the rules that call one another in circles. */

import type { Rules } from './cursor.ts'
import { expression } from './expression.ts'
import { query } from './query.ts'
import { sequence } from './rewrite/sequence.ts'
import { from } from './select.ts'
import { table } from './table.ts'

export const RULES: Rules = { query, expression, sequence, table, from }
