/** Names and texts inside SQL statements of PostgreSQL. */

/** `name` as an identifier. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** `text` as a string; the server must have standard_conforming_strings, as it does by default. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** `name` or `schema.name` as the name of a table. */
export const tableName = (name: string): string => name.split('.').map(quoted).join('.')
