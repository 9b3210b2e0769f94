/** The list of connectors. Adding one: its folder, its spec in catalog.ts, one line here, one
 *  test. */

import type { IntakeConnector } from '../engine/source/intake.ts'
import type { LookupConnector } from '../engine/source/lookup.ts'
import type { SinkConnector } from '../engine/source/sink.ts'
import type { AnySource } from '../engine/source/source.ts'
import { blackholeSink } from './blackhole/sink.ts'
import type { ConnectorContext, IntakeContext, SinkContext } from './context.ts'
import { datagenSource } from './datagen/source.ts'
import { duckdbLookup } from './duckdb/lookup.ts'
import { duckdbSource } from './duckdb/source.ts'
import { filesystemSink } from './filesystem/sink.ts'
import { filesystemSource } from './filesystem/source.ts'
import { httpIntake } from './http/intake.ts'
import { httpLookup } from './http/lookup.ts'
import { kafkaSink } from './kafka/sink.ts'
import { kafkaSource } from './kafka/source.ts'
import { kafka, upsertKafka } from './kafka/spec.ts'
import { logSource } from './log/source.ts'
import { mqttIntake } from './mqtt/intake.ts'
import { mqttSink } from './mqtt/sink.ts'
import { natsIntake } from './nats/intake.ts'
import { natsSink } from './nats/sink.ts'
import { natsSource } from './nats/source.ts'
import { nexmarkSource } from './nexmark/source.ts'
import { postgresIntake } from './postgres/cdc-intake.ts'
import { postgresLookup } from './postgres/lookup.ts'
import { postgresSink } from './postgres/sink.ts'
import { printSink } from './print/sink.ts'
import { rabbitmqIntake } from './rabbitmq/intake.ts'
import { rabbitmqSink } from './rabbitmq/sink.ts'
import { rabbitmqSource } from './rabbitmq/source.ts'
import { redisIntake } from './redis/intake.ts'
import { redisLookup } from './redis/lookup.ts'
import { connectLookup } from './redis/lookup-connect.ts'
import { redisSink } from './redis/sink.ts'
import { redisSource } from './redis/source.ts'
import { webhookIntake } from './webhook/intake.ts'
import { webhookSink } from './webhook/sink.ts'

export { CONNECTORS } from './catalog.ts'
export type { ConnectorContext, IntakeContext, SinkContext } from './context.ts'

/** All source connectors, by name. */
export function sourceConnectors(context: ConnectorContext): Map<string, AnySource> {
  const list = [
    logSource(context),
    datagenSource(context),
    nexmarkSource(context),
    duckdbSource,
    natsSource(context),
    redisSource(context),
    rabbitmqSource(context),
    kafkaSource(kafka.name, context),
    kafkaSource(upsertKafka.name, context),
    filesystemSource(context),
  ]
  return new Map(list.map((connector) => [connector.name, connector]))
}

/** All connectors whose messages go through the embedded log, by name. */
export function intakeConnectors(context: IntakeContext): Map<string, IntakeConnector> {
  const list: IntakeConnector[] = [
    httpIntake(context),
    mqttIntake(context),
    natsIntake(context),
    postgresIntake(context),
    rabbitmqIntake(context),
    redisIntake(context),
    webhookIntake(context),
  ]
  return new Map(list.map((connector) => [connector.name, connector]))
}

/** All connectors whose tables are looked up by key, by name. */
export function lookupConnectors(context: ConnectorContext): Map<string, LookupConnector> {
  const list: LookupConnector[] = [
    duckdbLookup,
    httpLookup,
    postgresLookup(context.disk),
    redisLookup(context.disk, connectLookup),
  ]
  return new Map(list.map((connector) => [connector.name, connector]))
}

/** All sink connectors, by name; the embedded queue is the server's own. */
export function sinkConnectors(context: SinkContext): Map<string, SinkConnector> {
  const list = [
    blackholeSink,
    printSink(context),
    filesystemSink(context),
    mqttSink(context),
    natsSink(context),
    postgresSink(context),
    redisSink(context),
    rabbitmqSink(context),
    kafkaSink(kafka.name, context),
    kafkaSink(upsertKafka.name, context),
    webhookSink(context),
  ]
  return new Map(list.map((connector) => [connector.name, connector]))
}
