-- Payments from a Redis stream, totals as a hash for each customer, alarms to another stream, and a channel.
--
-- Needs a Redis server:  redis-server
-- Entries:  redis-cli XADD payments '*' id 1 customer ada amount 12.50
--           redis-cli PUBLISH clicks '{"page": "/home"}'
-- Run it:   millrace serve -f examples/redis.sql
-- Then:     redis-cli HGETALL customer:ada
-- The statements are accepted while the server, or a key, is not there yet: queries say so and go on when it is.

-- The fields of an entry are the columns. A position is the id of an entry, and where a query has come is kept by us: every
-- entry counts once, whatever is killed. Several keys ('key' = 'payments:eu, payments:us') are read side by side.
CREATE TABLE payments (
  id       BIGINT NOT NULL,
  customer STRING NOT NULL,
  amount   DECIMAL(10, 2),
  entry    STRING METADATA FROM 'id' VIRTUAL,
  at       TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH (
  'connector' = 'redis',
  'url' = 'redis://localhost:6379',
  'key' = 'payments',
  -- What does not fit is in "payments$dead_letters", with the id of its entry and the reason.
  'bad-records' = 'dead_letter'
);

-- A server with users takes 'username' = '…', 'password' = '…'; for TLS: 'url' = 'rediss://…', 'tls.ca-file' = 'ca.pem'

-- A hash for each customer, which is replaced when its total changes. The same table can be looked up by a join with
-- FOR SYSTEM_TIME AS OF a processing time.
CREATE TABLE customers (
  customer STRING,
  payments BIGINT NOT NULL,
  total    DECIMAL(38, 2),
  PRIMARY KEY (customer) NOT ENFORCED
) WITH (
  'connector' = 'redis',
  'url' = 'redis://localhost:6379',
  'mode' = 'hash',
  'key' = 'customer:{customer}'
);

INSERT INTO customers
SELECT customer, COUNT(*), SUM(amount) FROM payments GROUP BY customer;

-- A stream of messages in one field, about the last thousand of them. How far the query has come is in Redis too, written in
-- the same transactions: every alarm is there exactly once.
CREATE TABLE alarms (id BIGINT NOT NULL, customer STRING, amount DECIMAL(10, 2)) WITH (
  'connector' = 'redis',
  'url' = 'redis://localhost:6379',
  'key' = 'alarms',
  'payload-field' = 'alarm',
  'sink.max-length' = '1000',
  'format' = 'json'
);

INSERT INTO alarms SELECT id, customer, amount FROM payments WHERE amount >= 1000;

-- Nobody keeps the messages of a channel: those that come while we are down are not seen.
CREATE TABLE clicks (page STRING, received TIMESTAMP_LTZ(3) METADATA FROM 'timestamp') WITH (
  'connector' = 'redis',
  'url' = 'redis://localhost:6379',
  'mode' = 'channel',
  'channel' = 'clicks',
  'format' = 'json'
);

CREATE MATERIALIZED VIEW pages AS SELECT page, COUNT(*) AS clicks FROM clicks GROUP BY page;
