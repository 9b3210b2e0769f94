SELECT origin, (SELECT value FROM readings AS r WHERE r.sensor = f.delay) AS v FROM flights AS f
