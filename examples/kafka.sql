-- Orders from a Kafka topic, revenue by minute back to Kafka in transactions, and the last state of each customer as a
-- compacted topic.
--
-- Needs a broker: Apache Kafka on localhost:9092, or any other that you may use (change properties.bootstrap.servers).
-- Run it:  millrace serve -f examples/kafka.sql
-- Then:    kafka-topics.sh --bootstrap-server localhost:9092 --create --topic orders --partitions 4   (likewise revenue, customers)
--          echo '{"id": 1, "customer": "ada", "amount": 12.5, "ts": "2026-05-06T07:08:09Z"}' |
--            kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders
-- The statements are accepted while the broker, or a topic, is not there yet: queries say so and go on when it is.

-- Where a query has come is kept by us, so every message counts once whatever is killed; the consumer group only hears of it,
-- for those who watch its lag. Partitions that are added later are found within half a minute and read from their first message.
CREATE TABLE orders (
  id       BIGINT NOT NULL,
  customer STRING NOT NULL,
  amount   DECIMAL(10, 2),
  ts       TIMESTAMP_LTZ(3) NOT NULL,
  `offset`    BIGINT METADATA VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  headers  MAP<STRING, BYTES> METADATA VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'orders',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'millrace-orders',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30 s',
  'scan.watermark.idle-timeout' = '10 s',
  'format' = 'json',
  -- What does not fit is in "orders$dead_letters", with its offset and the reason.
  'bad-records' = 'dead_letter'
);

-- A cluster with passwords and TLS takes these as well:
--   'properties.security.protocol' = 'SASL_SSL', 'properties.sasl.mechanism' = 'SCRAM-SHA-512',
--   'properties.sasl.username' = '…', 'properties.sasl.password' = '…', 'properties.ssl.truststore.location' = 'ca.pem'

CREATE MATERIALIZED VIEW revenue_per_minute AS
SELECT window_start, COUNT(*) AS orders, SUM(amount) AS amount
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;

-- Exactly once: the messages and how far the job has come are in one transaction. Readers want isolation.level = read_committed.
-- The time of a message is the window's, and its key is the customer, whose messages therefore stay in one partition.
CREATE TABLE revenue (
  customer STRING NOT NULL,
  orders   BIGINT NOT NULL,
  amount   DECIMAL(38, 2),
  at       TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'revenue',
  'properties.bootstrap.servers' = 'localhost:9092',
  'sink.delivery-guarantee' = 'exactly-once',
  'properties.compression.type' = 'zstd',
  'key.format' = 'raw',
  'key.fields' = 'customer',
  'format' = 'json'
);

INSERT INTO revenue
SELECT customer, COUNT(*), SUM(amount), window_end
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, customer;

-- A result that changes goes into a compacted topic: a message is the current row of its key, one without a value says that
-- there is none any more. The same table can be read back, here or by Flink.
CREATE TABLE customers (
  customer STRING,
  orders   BIGINT NOT NULL,
  amount   DECIMAL(38, 2),
  PRIMARY KEY (customer) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'customers',
  'properties.bootstrap.servers' = 'localhost:9092',
  'key.format' = 'json',
  'value.format' = 'json'
);

INSERT INTO customers
SELECT customer, COUNT(*), SUM(amount) FROM orders GROUP BY customer;
