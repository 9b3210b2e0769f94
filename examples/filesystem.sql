-- Files: a CSV file that is read once, a folder that is followed as it grows, and results as files of lines and as Parquet.
--
-- Run it:  millrace serve -f examples/filesystem.sql      (in the folder that has examples/ in it)
-- Then:    mkdir -p out/orders; echo '{"city": "Bern", "amount": 12.5}' >> out/orders/2026-05-06.ndjson
--          cat out/large-orders/*
--          duckdb -c "SELECT * FROM read_parquet('out/orders-by-city/*/*.parquet', hive_partitioning = true)"

CREATE TABLE cities (city STRING, country STRING, inhabitants BIGINT) WITH (
  'connector' = 'filesystem',
  'path' = 'examples/files/cities.csv',
  'format' = 'csv',
  'csv.header' = 'true'
);

CREATE MATERIALIZED VIEW countries AS
SELECT country, SUM(inhabitants) AS inhabitants FROM cities GROUP BY country;

-- Looks for new lines and new files twice a second. Files are read in the order of their names, and the last one may grow.
CREATE TABLE orders (
  city   STRING,
  amount DOUBLE,
  file   STRING METADATA FROM 'file.name' VIRTUAL
) WITH (
  'connector' = 'filesystem',
  'path' = 'out/orders',
  'format' = 'json',
  'source.monitor-interval' = '500 ms'
);

-- A file has its name when it is whole, and the names say which results are in it: each is there exactly once.
CREATE TABLE large_orders (city STRING, amount DOUBLE) WITH (
  'connector' = 'filesystem',
  'path' = 'out/large-orders',
  'format' = 'json',
  'sink.rolling-policy.rollover-interval' = '1 s'
);

INSERT INTO large_orders SELECT city, amount FROM orders WHERE amount >= 10;

-- Parquet files in folders city=Bern, city=Oslo, …: new ones every five seconds, or sooner when there are many rows. All files of
-- a moment get their names at once. The same table can be read: SELECT * FROM orders_by_city
CREATE TABLE orders_by_city (city STRING, amount DOUBLE) PARTITIONED BY (city) WITH (
  'connector' = 'filesystem',
  'path' = 'out/orders-by-city',
  'format' = 'parquet',
  'sink.rolling-policy.rollover-interval' = '5 s',
  'sink.rolling-policy.file-size' = '64 mb'
);

INSERT INTO orders_by_city SELECT city, amount FROM orders;
