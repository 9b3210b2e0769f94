SELECT SUM(delay) OVER (PARTITION BY origin ORDER BY ts) FROM flights
