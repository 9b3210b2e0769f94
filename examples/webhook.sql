-- Webhooks in and out: pushes from GitHub counted live, and a request for each that goes to a main branch.
--
-- Run it:  millrace serve -f examples/webhook.sql
-- Then give GitHub (Settings, Webhooks) the address https://<this server>/v1/webhooks/github/push, the content type
-- application/json and the secret below; or send one yourself, unsigned, to the second table:
--   curl -d '{"device": "d1", "level": 3}' http://127.0.0.1:7070/v1/webhooks/devices/level

-- Requests are refused unless they are signed with the secret. A delivery that GitHub sends again is stored once,
-- because its X-GitHub-Delivery header is known.
CREATE TABLE pushes (
  ref        STRING,
  repository ROW<full_name STRING>,
  headers    MAP<STRING, STRING> METADATA,
  received   TIMESTAMP_LTZ(3) METADATA
) WITH (
  'connector' = 'webhook',
  'path' = 'github/push',
  'signature' = 'github',
  'signature.secret' = 'change me',
  'format' = 'json',
  'bad-records' = 'dead_letter'
);

CREATE MATERIALIZED VIEW pushes_by_repository AS
SELECT repository.full_name AS name, COUNT(*) AS pushes, MAX(received) AS last_push
FROM pushes
GROUP BY repository.full_name;

-- Without a signature, senders need the server's token, if it has one. An Idempotency-Key makes a retry safe.
CREATE TABLE levels (device STRING NOT NULL, level INT) WITH (
  'connector' = 'webhook',
  'path' = 'devices/level',
  'reject-bad-records' = 'true',
  'format' = 'json'
);

-- Out: a POST with a JSON array of up to a hundred records, an Idempotency-Key, and a signature that the receiver can
-- check. Answers that things go wrong now are tried again for as long as it takes.
CREATE TABLE deployments (repository STRING, ref STRING) WITH (
  'connector' = 'webhook',
  'url' = 'http://127.0.0.1:8080/deployments',
  'body' = 'array',
  'sink.batch-rows' = '100',
  'sink.headers' = 'Authorization: Bearer change-me-too',
  'signature' = 'standard-webhooks',
  'signature.secret' = 'whsec_Y2hhbmdlIG1lIHRoaXJk',
  'format' = 'json'
);

INSERT INTO deployments
SELECT repository.full_name, ref FROM pushes WHERE ref IN ('refs/heads/main', 'refs/heads/master');
