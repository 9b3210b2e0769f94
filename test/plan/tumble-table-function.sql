SELECT origin, window_start, window_end, SUM(delay) AS total
FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '15' MINUTE))
GROUP BY origin, window_start, window_end
