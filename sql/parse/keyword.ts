/** Which words are keywords. Only the reserved ones need quotes to be a name; all others (`date`,
 *  `value`, `count`, `window_start`, …) are names wherever a name can stand. */

const RESERVED: ReadonlySet<string> = new Set(
  `ALL ALTER AND ANY AS BETWEEN BY CASE CAST CREATE CROSS DELETE DESCRIBE DISTINCT DROP ELSE END
   EXCEPT EXISTS EXPLAIN FALSE FETCH FOR FROM FULL GROUP HAVING IN INNER INSERT INTERSECT INTO IS
   JOIN LATERAL LEFT LIKE LIMIT MATCH_RECOGNIZE NATURAL NOT NULL OFFSET ON OR ORDER OUTER QUALIFY
   RIGHT SELECT SOME TABLE THEN TRUE UNION UNNEST UPDATE USING VALUES WHEN WHERE WINDOW WITH`.split(
    /\s+/,
  ),
)

/** Whether the word (a token's `key`) cannot be a name without quotes. */
export const isReserved = (key: string): boolean => RESERVED.has(key)

/** Words that open the next part of a query; the candidates of "did you mean". */
export const CLAUSES: readonly string[] = [
  'FROM',
  'WHERE',
  'GROUP',
  'HAVING',
  'QUALIFY',
  'WINDOW',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'FETCH',
  'UNION',
  'INTERSECT',
  'EXCEPT',
  'EMIT',
  'JOIN',
  'LEFT',
  'RIGHT',
  'INNER',
  'CROSS',
]

/** Words that continue an expression. */
export const OPERATOR_WORDS: readonly string[] = [
  'AND',
  'OR',
  'NOT',
  'IS',
  'IN',
  'LIKE',
  'BETWEEN',
  'ESCAPE',
]
