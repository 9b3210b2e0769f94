-- Totals of a stream as rows of a table in PostgreSQL, kept up to date; and rows of another table there looked up.
--
-- Needs PostgreSQL with a database shop:
--   CREATE TABLE customers (id int PRIMARY KEY, city text);
--   CREATE TABLE city_totals (city text PRIMARY KEY, orders bigint, amount numeric(38, 2));
-- Run it:  millrace serve -f examples/jdbc.sql
-- Then:    psql shop -c "INSERT INTO customers VALUES (1, 'Bern')"
--          curl localhost:7070/v1/streams/orders/records -H 'content-type: application/json' \
--            -d '{"id": 1, "customer": 1, "amount": 12.50}'
--          psql shop -c 'SELECT * FROM city_totals'

CREATE TABLE orders (id BIGINT NOT NULL, customer INT, amount DECIMAL(10, 2), asked AS PROCTIME());

-- Looked up: the row is that of the moment in which an order passes.
CREATE TABLE customers (id INT, city STRING) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://localhost:5432/shop',
  'table-name' = 'customers',
  'username' = 'postgres',
  'password' = 'postgres'
);

-- Written: a row for each key, which is replaced when its total changes. How far the query has come is in the table
-- millrace_positions, written in the same transactions: whatever is killed, the totals are right.
CREATE TABLE city_totals (
  city   STRING,
  orders BIGINT NOT NULL,
  amount DECIMAL(38, 2),
  PRIMARY KEY (city) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://localhost:5432/shop',
  'table-name' = 'city_totals',
  'username' = 'postgres',
  'password' = 'postgres'
  -- Without the right to make and write that table: 'sink.delivery-guarantee' = 'at-least-once'
);

INSERT INTO city_totals
SELECT COALESCE(c.city, 'unknown'), COUNT(*), SUM(o.amount)
FROM orders AS o LEFT JOIN customers FOR SYSTEM_TIME AS OF o.asked AS c ON c.id = o.customer
GROUP BY COALESCE(c.city, 'unknown');
