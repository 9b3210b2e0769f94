-- Readings from a JetStream stream, averages by minute back to JetStream, and a work queue.
--
-- Needs a NATS server with JetStream:  nats-server -js
-- Streams and messages, with the nats tool:
--   nats stream add readings --subjects 'readings.>' --defaults
--   nats stream add averages --subjects 'averages' --defaults
--   nats stream add jobs --subjects 'jobs.>' --retention work --defaults
--   nats pub readings.hall.t1 '{"sensor": "t1", "value": 20.5, "ts": "2026-05-06T07:08:09Z"}'
--   nats pub jobs.print '{"id": 1, "file": "a.pdf"}'
-- Run it:  millrace serve -f examples/nats.sql
-- The statements are accepted while the server, or a stream, is not there yet: queries say so and go on when it is.

-- A position is a sequence number, and where a query has come is kept by us: every message counts once, whatever is killed.
-- Of all subjects in the stream only those with three parts.
CREATE TABLE readings (
  sensor  STRING NOT NULL,
  `value` DOUBLE,
  ts      TIMESTAMP_LTZ(3) NOT NULL,
  subject STRING METADATA VIRTUAL,
  seq     BIGINT METADATA FROM 'sequence' VIRTUAL,
  stored  TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  headers MAP<STRING, STRING> METADATA VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'nats',
  'url' = 'nats://localhost:4222',
  'stream' = 'readings',
  'subject' = 'readings.*.*',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'format' = 'json'
);

-- A server that asks who we are takes one of these as well:
--   'user' = '…', 'password' = '…'    'token' = '…'    'nkey-seed' = 'SU…'    'credentials-file' = 'me.creds'
-- and for TLS: 'url' = 'tls://…', 'tls.ca-file' = 'ca.pem'

CREATE MATERIALIZED VIEW last_minute AS
SELECT sensor, window_start, AVG(`value`) AS average, COUNT(*) AS readings
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY sensor, window_start, window_end;

-- Nobody else writes to this stream, so every message says which one must be before it: results are there exactly once after
-- any failure. In a shared stream (without sink.exclusive) message ids do, for as long as its duplicate window says.
CREATE TABLE averages (
  sensor  STRING NOT NULL,
  minute  TIMESTAMP_LTZ(3) NOT NULL,
  average DOUBLE
) WITH (
  'connector' = 'nats',
  'url' = 'nats://localhost:4222',
  'sink.subject' = 'averages',
  'sink.exclusive' = 'true',
  'format' = 'json'
);

INSERT INTO averages
SELECT sensor, window_start, AVG(`value`)
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY sensor, window_start, window_end;

-- A work queue forgets a message when it is acknowledged, and we acknowledge it when it is on our disk. What comes again is
-- recognised by its sequence number.
CREATE TABLE jobs (id BIGINT NOT NULL, file STRING) WITH (
  'connector' = 'nats',
  'url' = 'nats://localhost:4222',
  'mode' = 'queue',
  'stream' = 'jobs',
  'format' = 'json'
);

CREATE MATERIALIZED VIEW job_count AS SELECT COUNT(*) AS jobs FROM jobs;

-- Without JetStream nobody keeps the messages: those that come while we are down are not seen.
CREATE TABLE heartbeats (node STRING, received TIMESTAMP_LTZ(3) METADATA FROM 'timestamp') WITH (
  'connector' = 'nats',
  'url' = 'nats://localhost:4222',
  'mode' = 'core',
  'subject' = 'heartbeats.>',
  'format' = 'json'
);
