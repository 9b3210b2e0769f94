SELECT COUNT(*) FROM TUMBLE(flights, ts, INTERVAL '1' HOUR) GROUP BY CUBE (window_start, window_end)
