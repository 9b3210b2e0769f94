CREATE TABLE flights (
  origin STRING NOT NULL,
  destination STRING,
  delay INT,
  distance DOUBLE,
  ts TIMESTAMP(3),
  hour_of_day AS HOUR(ts),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
);
CREATE TABLE readings (sensor INT NOT NULL, value DECIMAL(10, 2), volts DOUBLE, taken TIMESTAMP(3));
CREATE VIEW late_flights AS SELECT origin, delay, ts FROM flights WHERE delay > 15;
CREATE MATERIALIZED VIEW hourly AS
  SELECT origin, window_start, window_end, COUNT(*) AS flights
  FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(ts), INTERVAL '1' HOUR))
  GROUP BY origin, window_start, window_end;
CREATE VIEW live_minutes AS
  SELECT origin, COUNT(*) AS flights FROM flights
  GROUP BY origin, TUMBLE(ts, INTERVAL '1' MINUTE) EMIT CHANGES;
CREATE TABLE baskets (
  id INT NOT NULL,
  items ARRAY<STRING>,
  tags MAP<STRING, INT>,
  lines ARRAY<ROW<sku STRING, price INT>>,
  bought TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR bought AS bought
);
