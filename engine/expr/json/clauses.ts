/** What a SQL:2016 JSON function says where the path leads to nothing, or cannot be followed. */

export type JsonAnswer =
  | 'null'
  | 'error'
  | 'default'
  | 'empty array'
  | 'empty object'
  | 'true'
  | 'false'
  | 'unknown'
