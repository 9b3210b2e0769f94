-- Rows that are made up: to try a query, or to measure one.
--
-- Run it:  millrace serve -f examples/datagen.sql
-- Then:    curl -N localhost:7070/v1/queries/temperatures/events

-- The same seed gives the same rows in every run. The time of a row advances with its number, at the pace of the rows.
CREATE TABLE readings (
  n       BIGINT NOT NULL,
  sensor  INT NOT NULL,
  celsius DOUBLE,
  ts      TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '1000',
  'seed' = '42',
  'start-time' = '2026-01-01 00:00:00',
  'fields.n.kind' = 'sequence',
  'fields.n.start' = '1',
  'fields.n.end' = '1000000',
  'fields.sensor.min' = '1',
  'fields.sensor.max' = '5',
  'fields.celsius.min' = '-10',
  'fields.celsius.max' = '35',
  'fields.celsius.null-rate' = '0.01',
  'fields.ts.max-past' = '500 ms'
);

CREATE MATERIALIZED VIEW temperatures AS
SELECT window_start, sensor, COUNT(*) AS readings, MAX(celsius) AS hottest
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(ts), INTERVAL '2' SECOND))
GROUP BY window_start, window_end, sensor;
