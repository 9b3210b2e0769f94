SELECT f.origin, r.value FROM flights AS f JOIN readings AS r ON f.delay = r.sensor WHERE f.ts > NOW() - INTERVAL '1' DAY
