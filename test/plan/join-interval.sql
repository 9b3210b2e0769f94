SELECT a.origin, b.delay FROM flights AS a JOIN flights AS b ON a.destination = b.origin AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '2' HOUR
