SELECT window_start, window_end, COUNT(*) AS flights
FROM TUMBLE(flights, ts, INTERVAL '1' MINUTE)
GROUP BY window_start, window_end
EMIT EVERY INTERVAL '5' SECOND
