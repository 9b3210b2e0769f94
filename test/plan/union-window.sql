SELECT COUNT(*) AS n FROM (SELECT origin, ts FROM flights UNION ALL SELECT origin, ts FROM late_flights) AS u WHERE origin <> 'SEA' GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)
