-- Results into nothing: to measure a query without what happens to its results.
--
-- Run it:  millrace serve -f examples/blackhole.sql
-- Then:    curl localhost:7070/v1/queries      (rowsIn, rowsOut)

CREATE TABLE numbers (n BIGINT NOT NULL) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '0',
  'number-of-rows' = '1000000'
);

CREATE TABLE nowhere (n BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO nowhere SELECT n FROM numbers WHERE MOD(n, 2) = 0;
