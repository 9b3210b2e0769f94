-- The embedded queue: streams inside the server, without any broker.
--
-- Run it:  millrace serve -f examples/log.sql
-- Then:    curl localhost:7070/v1/streams/orders/records -H 'content-type: application/json' \
--            -d '{"id": 1, "customer": "ada", "amount": 12.5, "ts": "2026-05-06T07:08:09Z"}'
--          curl -N localhost:7070/v1/queries/revenue/events

-- Without WITH, or with these options. A record is acknowledged when it is on the disk.
CREATE TABLE orders (
  id       BIGINT NOT NULL,
  customer STRING NOT NULL,
  amount   DOUBLE,
  ts       TIMESTAMP_LTZ(3) NOT NULL,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'splits' = '2',
  'retention.ms' = '7 d',
  'scan.watermark.idle-timeout' = '10 s'
);

-- With a key, a new row replaces the one before it, and UPDATE and DELETE work.
CREATE TABLE customers (customer STRING, city STRING, PRIMARY KEY (customer) NOT ENFORCED);

INSERT INTO customers VALUES ('ada', 'London'), ('max', 'Bern');

CREATE MATERIALIZED VIEW revenue AS
SELECT c.city, COUNT(*) AS orders, SUM(o.amount) AS amount
FROM orders AS o JOIN customers AS c ON o.customer = c.customer
GROUP BY c.city;

-- A query may write to another stream, which others read in turn.
CREATE TABLE large_orders (id BIGINT, customer STRING, amount DOUBLE);

INSERT INTO large_orders SELECT id, customer, amount FROM orders WHERE amount >= 100;
