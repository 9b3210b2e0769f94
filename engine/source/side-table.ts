/** Side tables: `"s$late"`, `"s$dead_letters"`, `"s$undelivered"`. They are written beside a table;
 *  their names, and likewise their ids, are the table's with a suffix. */

export const SIDE_SUFFIXES = ['$late', '$dead_letters', '$undelivered'] as const

export type SideSuffix = (typeof SIDE_SUFFIXES)[number]

/** The suffix of a side table's name; undefined if it is none. */
export const sideSuffix = (name: string): SideSuffix | undefined =>
  SIDE_SUFFIXES.find((suffix) => name.endsWith(suffix))

/** The table that a side table belongs to; undefined if `name` is no side table's. */
export function sideOwner(name: string): string | undefined {
  const suffix = sideSuffix(name)
  return suffix === undefined ? undefined : name.slice(0, -suffix.length)
}

/** Whether the engine writes the side table, and not the server. */
export const isOfEngine = (name: string): boolean => {
  const suffix = sideSuffix(name)
  return suffix !== undefined && suffix !== '$undelivered'
}
