-- bounded
SELECT TUMBLE_START(taken, INTERVAL '1' HOUR) AS h, AVG(volts) AS mean FROM readings GROUP BY TUMBLE(taken, INTERVAL '1' HOUR)
