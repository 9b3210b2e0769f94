-- Orders from a RabbitMQ queue, counted by minute and country, and alerts back to an exchange.
--
-- Needs a server: `rabbitmq-server`, or any other that you may use (change host, username, password).
-- Run it:  millrace serve -f examples/rabbitmq.sql
-- Then publish to the exchange `orders` with the routing key `orders.de`, for example
--   {"id": 1, "country": "de", "amount": 12.5, "ts": "2026-05-06T07:08:09Z"}

-- The queue is made if it is not there, and bound to the exchange. Messages are acknowledged when they are on our
-- disk; one that comes again with the same message-id is recognised.
CREATE TABLE orders (
  id       BIGINT NOT NULL,
  country  STRING,
  amount   DECIMAL(10, 2),
  ts       TIMESTAMP_LTZ(3) NOT NULL,
  priority INT METADATA,
  headers  MAP<STRING, STRING> METADATA,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'rabbitmq',
  'host' = 'localhost',
  'queue' = 'millrace-orders',
  'queue.type' = 'quorum',
  'queue.declare' = 'true',
  'exchange' = 'orders',
  'exchange.declare' = 'topic',
  'routing-key' = 'orders.#',
  'prefetch-count' = '1000',
  'dedupe' = 'message-id',
  'format' = 'json',
  'bad-records' = 'dead_letter',
  'scan.watermark.idle-timeout' = '10 s',
  'retention.ms' = '7 d'
);

CREATE MATERIALIZED VIEW orders_per_minute AS
SELECT window_start, country, COUNT(*) AS orders, SUM(amount) AS amount
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, country;

-- The other way: each alert is a message whose routing key is the value of a column, confirmed by the server.
CREATE TABLE alerts (
  route  STRING,
  id     BIGINT NOT NULL,
  amount DECIMAL(10, 2)
) WITH (
  'connector' = 'rabbitmq',
  'host' = 'localhost',
  'exchange' = 'alerts',
  'exchange.declare' = 'topic',
  'routing-key.column' = 'route',
  -- Without a queue that takes them, alerts would wait here for one.
  'sink.mandatory' = 'false',
  'format' = 'json'
);

INSERT INTO alerts
SELECT 'alerts.' || country, id, amount FROM orders WHERE amount > 1000 AND country IS NOT NULL;

-- A RabbitMQ stream is read by offset instead, exactly once, and any query may begin where it likes:
--   'queue.type' = 'stream', 'scan.startup.mode' = 'earliest-offset'
