SELECT a.origin, a.ts, b.delay FROM flights AS a LEFT JOIN flights AS b ON a.destination = b.origin AND a.ts <= b.ts AND b.ts < a.ts + INTERVAL '30' MINUTE
