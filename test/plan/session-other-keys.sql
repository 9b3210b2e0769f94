SELECT destination, COUNT(*) AS n FROM TABLE(SESSION(TABLE flights PARTITION BY origin, DESCRIPTOR(ts), INTERVAL '10' MINUTE)) GROUP BY destination, window_start, window_end
