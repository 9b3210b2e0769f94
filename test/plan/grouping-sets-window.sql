SELECT window_start, origin, destination, COUNT(*) AS n FROM TUMBLE(flights, ts, INTERVAL '1' HOUR) GROUP BY window_start, window_end, GROUPING SETS ((origin), (destination), ())
