/** The connectors as data, for the planner and for the documentation; nothing is loaded of their
 *  clients. The embedded queue is not among them: the SQL side knows it by itself. */

import type { ConnectorSpec } from '../engine/source/connector-spec.ts'
import { blackhole } from './blackhole/spec.ts'
import { datagen } from './datagen/spec.ts'
import { duckdb } from './duckdb/spec.ts'
import { filesystem } from './filesystem/spec.ts'
import { http } from './http/spec.ts'
import { kafka, upsertKafka } from './kafka/spec.ts'
import { mqtt } from './mqtt/spec.ts'
import { nats } from './nats/spec.ts'
import { nexmark } from './nexmark/spec.ts'
import { postgresCdc } from './postgres/cdc-spec.ts'
import { jdbc } from './postgres/jdbc-spec.ts'
import { print } from './print/spec.ts'
import { rabbitmq } from './rabbitmq/spec.ts'
import { redis } from './redis/spec.ts'
import { webhook } from './webhook/spec.ts'

const LIST: readonly ConnectorSpec[] = [
  blackhole,
  datagen,
  duckdb,
  filesystem,
  http,
  jdbc,
  kafka,
  mqtt,
  nats,
  nexmark,
  postgresCdc,
  print,
  rabbitmq,
  redis,
  upsertKafka,
  webhook,
]

export const CONNECTORS: ReadonlyMap<string, ConnectorSpec> = new Map(
  LIST.map((spec) => [spec.name, spec]),
)
