SELECT origin, delay - (SELECT COUNT(*) FROM readings AS r WHERE r.sensor = f.delay) AS d FROM flights AS f
