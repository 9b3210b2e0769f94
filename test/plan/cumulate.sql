SELECT window_end, COUNT(*) AS n FROM TABLE(CUMULATE(TABLE flights, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' DAY)) GROUP BY window_start, window_end
