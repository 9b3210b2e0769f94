/** The schema of the views that apply-forever.ts writes. */

import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT } from '../../../engine/batch/types.ts'

export const FOREVER = schemaOf([{ name: 'n', type: BIGINT, nullable: false }])
