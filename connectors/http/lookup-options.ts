/** The options of HTTP lookups. */

import { LOOKUP_OPTIONS } from '../../engine/source/lookup.ts'
import type { OptionTable } from '../../engine/source/option.ts'

export const HTTP_LOOKUP_OPTIONS: OptionTable = {
  'lookup.url': {
    kind: 'string',
    doc: 'Where rows are looked up: `https://host/users/{id}`. `{column}` stands for the value of a key; keys that are not in the address are query parameters of GET. The answer is a JSON object, or an array of them; status 404, an empty body and `null` mean that there is no row.',
  },
  'lookup.method': {
    kind: 'enum',
    values: ['GET', 'POST'],
    default: 'GET',
    doc: 'POST: the keys are sent as a JSON object.',
  },
  ...LOOKUP_OPTIONS,
}
