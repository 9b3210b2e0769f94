-- The rows of a table in PostgreSQL and all their changes, as they are committed.
--
-- Needs PostgreSQL with wal_level = logical and a database shop:
--   CREATE TABLE products (id int PRIMARY KEY, name text, price numeric(10, 2));
--   INSERT INTO products VALUES (1, 'lamp', 30), (2, 'desk', 250);
-- Run it:  millrace serve -f examples/postgres-cdc.sql
-- Then:    curl localhost:7070/v1/views/price_levels
--          psql shop -c 'UPDATE products SET price = price + 100 WHERE id = 1; DELETE FROM products WHERE id = 2'
--          curl localhost:7070/v1/views/price_levels

-- First the rows that are there, then every transaction, through the embedded log: queries that are made later see all of it.
-- The slot and its publication are made, and dropped with the table. Tables without a key need, in PostgreSQL,
-- ALTER TABLE … REPLICA IDENTITY FULL; so do large values that are not sent when other columns change.
CREATE TABLE products (
  id      INT,
  name    STRING,
  price   DECIMAL(10, 2),
  changed TIMESTAMP_LTZ(3) METADATA FROM 'op_ts' VIRTUAL,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'postgres-cdc',
  'hostname' = 'localhost',
  'port' = '5432',
  'username' = 'postgres',
  'password' = 'postgres',
  'database-name' = 'shop',
  'schema-name' = 'public',
  'table-name' = 'products',
  'slot.name' = 'millrace_products'
);

CREATE MATERIALIZED VIEW price_levels AS
SELECT CASE WHEN price < 100 THEN 'low' ELSE 'high' END AS level, COUNT(*) AS products, MAX(price) AS highest
FROM products
GROUP BY CASE WHEN price < 100 THEN 'low' ELSE 'high' END;
