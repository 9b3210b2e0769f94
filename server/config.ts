/** What a server can be told: by the embedding program, by the command line, or by MILLRACE_…
 *  variables. One table lists every setting with its variable and default. */

import { fail } from '../engine/base/errors.ts'
import type { Durability } from '../engine/graph/protocol.ts'

export interface Limits {
  /** Bytes of a request body. */
  readonly bodyBytesMax: number
  /** Bytes of one record in a request. */
  readonly rowBytesMax: number
  /** Characters of an SQL text. */
  readonly statementBytesMax: number
  /** Levels of nesting in an SQL text. */
  readonly nestingMax: number
  /** Rows that a SELECT over HTTP may answer. */
  readonly selectRowsMax: number
  /** Event streams open at the same time. */
  readonly subscriptionsMax: number
  /** Continuous queries and materialized views. */
  readonly queriesMax: number
  /** Bytes of recent results per query that are held in memory for subscribers. A subscriber that
   *  falls behind them is slow. */
  readonly resultBytesMax: number
  /** Bytes per stream that are written and not yet durable; beyond it, producers must wait. */
  readonly unsyncedBytesMax: number
}

export interface ServerConfig {
  /** 0 takes any free port. */
  readonly port: number
  readonly host: string
  readonly dataFolder: string
  /** Clients must send `Authorization: Bearer <token>`. Needed on any address but loopback. */
  readonly token?: string | undefined
  readonly logLevel: 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
  /** A comment is sent to an event stream after this long without an event. */
  readonly heartbeatMs: number
  /** `progress` events come at most this often. */
  readonly progressMs: number
  readonly checkpointIntervalMs: number
  /** How many checkpoints stay: a damaged one is passed over for the one before it. */
  readonly checkpointsKept: number
  /** When records and results are on the disk: see docs/durability.md. */
  readonly durability: Durability
  /** A stream's file is closed and the next one begun at this size. Retention removes whole
   *  files. */
  readonly segmentBytesMax: number
  /** Older results of a query are removed when it has more than this and no view needs them. */
  readonly resultRetentionBytesMax: number
  readonly epochRowsMax: number
  /** Memory that DuckDB may take for materialized views. */
  readonly viewMemoryBytesMax: number
  readonly limits: Limits
}

/** What the embedding program gives; the rest is default. */
export type ServerOptions = Partial<Omit<ServerConfig, 'limits'>> & {
  readonly limits?: Partial<Limits> | undefined
}

const MIB = 1024 * 1024

export const DEFAULT_LIMITS: Limits = {
  bodyBytesMax: 16 * MIB,
  rowBytesMax: MIB,
  statementBytesMax: MIB,
  nestingMax: 100,
  selectRowsMax: 100_000,
  subscriptionsMax: 10_000,
  queriesMax: 1000,
  resultBytesMax: 8 * MIB,
  unsyncedBytesMax: 64 * MIB,
}

export const DEFAULT_CONFIG: ServerConfig = {
  port: 7070,
  host: '127.0.0.1',
  dataFolder: './data',
  logLevel: 'warn',
  heartbeatMs: 15_000,
  progressMs: 1000,
  checkpointIntervalMs: 5000,
  checkpointsKept: 2,
  durability: 'sync',
  segmentBytesMax: 64 * MIB,
  resultRetentionBytesMax: 256 * MIB,
  epochRowsMax: 65_536,
  viewMemoryBytesMax: 512 * MIB,
  limits: DEFAULT_LIMITS,
}

/** The variable of each setting; numbers are written in the unit of the setting's name. */
const VARIABLES = {
  port: 'MILLRACE_PORT',
  host: 'MILLRACE_HOST',
  dataFolder: 'MILLRACE_DATA',
  token: 'MILLRACE_TOKEN',
  logLevel: 'MILLRACE_LOG_LEVEL',
  heartbeatMs: 'MILLRACE_HEARTBEAT_MS',
  progressMs: 'MILLRACE_PROGRESS_MS',
  checkpointIntervalMs: 'MILLRACE_CHECKPOINT_INTERVAL_MS',
  checkpointsKept: 'MILLRACE_CHECKPOINTS_KEPT',
  durability: 'MILLRACE_DURABILITY',
  segmentBytesMax: 'MILLRACE_SEGMENT_BYTES_MAX',
  resultRetentionBytesMax: 'MILLRACE_RESULT_RETENTION_BYTES_MAX',
  epochRowsMax: 'MILLRACE_EPOCH_ROWS_MAX',
  viewMemoryBytesMax: 'MILLRACE_VIEW_MEMORY_BYTES_MAX',
} as const satisfies Record<Exclude<keyof ServerConfig, 'limits'>, string>

const LIMIT_VARIABLES = {
  bodyBytesMax: 'MILLRACE_BODY_BYTES_MAX',
  rowBytesMax: 'MILLRACE_ROW_BYTES_MAX',
  statementBytesMax: 'MILLRACE_STATEMENT_BYTES_MAX',
  nestingMax: 'MILLRACE_NESTING_MAX',
  selectRowsMax: 'MILLRACE_SELECT_ROWS_MAX',
  subscriptionsMax: 'MILLRACE_SUBSCRIPTIONS_MAX',
  queriesMax: 'MILLRACE_QUERIES_MAX',
  resultBytesMax: 'MILLRACE_RESULT_BYTES_MAX',
  unsyncedBytesMax: 'MILLRACE_UNSYNCED_BYTES_MAX',
} as const satisfies Record<keyof Limits, string>

const DURABILITIES = ['sync', 'interval', 'off']
const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']

/** The whole configuration: `options` before the environment before the defaults.
 *  INVALID_OPTION if a value makes no sense, or if the server would be open to the network without
 *  a token. */
export function readConfig(
  options: ServerOptions = {},
  environment: Readonly<Record<string, string | undefined>> = {},
): ServerConfig {
  const given = { ...fromEnvironment(VARIABLES, environment), ...defined(options) }
  const limits = {
    ...DEFAULT_LIMITS,
    ...fromEnvironment(LIMIT_VARIABLES, environment),
    ...defined(options.limits ?? {}),
  }
  const config = { ...DEFAULT_CONFIG, ...given, limits } as ServerConfig
  checkNumbers(config)
  if (!LOG_LEVELS.includes(config.logLevel)) {
    fail('INVALID_OPTION', `There is no log level '${config.logLevel}'`, {
      hint: `It is one of ${LOG_LEVELS.join(', ')}.`,
    })
  }
  if (!DURABILITIES.includes(config.durability)) {
    fail('INVALID_OPTION', `There is no durability '${config.durability}'`, {
      hint: `It is one of ${DURABILITIES.join(', ')}.`,
    })
  }
  if (config.segmentBytesMax > 1024 * MIB) {
    fail('INVALID_OPTION', `segmentBytesMax is at most ${1024 * MIB}`)
  }
  checkHost(config)
  return config
}

const TEXTS: ReadonlySet<string> = new Set([
  'host',
  'dataFolder',
  'token',
  'logLevel',
  'durability',
])

function fromEnvironment(
  variables: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | number> {
  const found: Record<string, string | number> = {}
  for (const [key, variable] of Object.entries(variables)) {
    const text = environment[variable]
    if (text === undefined || text === '') continue
    if (!TEXTS.has(key) && !/^\d+$/.test(text)) {
      fail('INVALID_OPTION', `${variable} must be a whole number, not '${text}'`)
    }
    found[key] = TEXTS.has(key) ? text : Number(text)
  }
  return found
}

const defined = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

function checkNumbers(config: ServerConfig): void {
  const { limits, ...settings } = config
  for (const [key, value] of [...Object.entries(settings), ...Object.entries(limits)]) {
    if (typeof value !== 'number') continue
    const least = key === 'port' ? 0 : 1
    if (!Number.isSafeInteger(value) || value < least) {
      fail('INVALID_OPTION', `${key} must be a whole number of at least ${least}, not ${value}`)
    }
  }
  if (config.port > 65_535) fail('INVALID_OPTION', `There is no port ${config.port}`)
}

/** Whether only programs on this machine can connect to the address. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

function checkHost({ host, token }: ServerConfig): void {
  if (isLoopback(host) || token !== undefined) return
  fail('INVALID_OPTION', `Without a token the server does not listen on ${host}`, {
    hint: 'Anyone on the network could read and change all data. Set a token (--token, MILLRACE_TOKEN), or listen on 127.0.0.1.',
  })
}
