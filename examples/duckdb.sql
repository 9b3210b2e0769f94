-- Rows of a file looked up while a stream passes: the file is asked for each row, as it is at that moment.
--
-- Run it:  millrace serve -f examples/duckdb.sql      (in the folder that has examples/ in it)
-- Then:    curl localhost:7070/v1/streams/orders/records -H 'content-type: application/json' \
--            -d '{"id": 1, "city": "Bern"}'
--          curl localhost:7070/v1/views/orders_by_country

-- A CSV, JSON or Parquet file, or a table of a DuckDB database ('path' = 'shop.duckdb', 'table-name' = 'cities').
CREATE TABLE cities (city STRING, country STRING) WITH (
  'connector' = 'duckdb',
  'path' = 'examples/files/cities.csv',
  'lookup.cache' = 'PARTIAL',
  'lookup.partial-cache.expire-after-write' = '1 min'
);

CREATE TABLE orders (id BIGINT NOT NULL, city STRING, asked AS PROCTIME());

CREATE MATERIALIZED VIEW orders_by_country AS
SELECT c.country, COUNT(*) AS orders
FROM orders AS o JOIN cities FOR SYSTEM_TIME AS OF o.asked AS c ON o.city = c.city
GROUP BY c.country;
