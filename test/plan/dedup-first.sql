SELECT origin, delay, ts FROM flights QUALIFY ROW_NUMBER() OVER (PARTITION BY origin ORDER BY ts) = 1
