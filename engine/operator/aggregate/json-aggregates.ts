/** JSON_ARRAYAGG and JSON_OBJECTAGG: what they are called and do. The binder writes them with
 *  ARRAY_AGG and a function that makes JSON of its array. */

/** As SHOW FUNCTIONS lists them. */
export const JSON_AGGREGATES = [
  {
    name: 'JSON_ARRAYAGG',
    doc: 'The values as a JSON array, in order of arrival or of ORDER BY; NULLs are left out, with NULL ON NULL they are null. Over no rows [].',
    example: 'JSON_ARRAYAGG(city ORDER BY ts NULL ON NULL)',
  },
  {
    name: 'JSON_OBJECTAGG',
    doc: 'The pairs as a JSON object; NULL values are null, with ABSENT ON NULL they are left out. A key that comes twice is an error. Over no rows {}.',
    example: 'JSON_OBJECTAGG(KEY city VALUE n ABSENT ON NULL)',
  },
] as const

/** Whether the function, by its name in upper case, is one of them. */
export const isJsonAggregate = (name: string): boolean =>
  name === 'JSON_ARRAYAGG' || name === 'JSON_OBJECTAGG'
