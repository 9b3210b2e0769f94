SELECT window_start, COUNT(*) AS n FROM TUMBLE(flights, ts, INTERVAL '1' MINUTE) GROUP BY window_start
