/** The connectors as data, for the planner and for the documentation; nothing is loaded of their
 *  clients. The embedded queue is not among them: the SQL side knows it by itself. */

import type { ConnectorSpec } from '../engine/source/connector-spec.ts'
import { blackhole } from './blackhole/spec.ts'
import { datagen } from './datagen/spec.ts'
import { filesystem } from './filesystem/spec.ts'
import { nexmark } from './nexmark/spec.ts'
import { print } from './print/spec.ts'

const LIST: readonly ConnectorSpec[] = [blackhole, datagen, filesystem, nexmark, print]

export const CONNECTORS: ReadonlyMap<string, ConnectorSpec> = new Map(
  LIST.map((spec) => [spec.name, spec]),
)
