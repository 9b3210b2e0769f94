SELECT origin, COUNT(*) AS n FROM late_flights GROUP BY origin, TUMBLE(ts, INTERVAL '1' DAY)
