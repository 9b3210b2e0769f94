SELECT window_start, window_end, MAX(TIMESTAMPDIFF(SECOND, window_start, ts)) AS last_second
FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end
