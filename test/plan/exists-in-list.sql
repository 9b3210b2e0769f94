SELECT origin, EXISTS (SELECT 1 FROM readings AS r WHERE r.sensor = f.delay) AS known FROM flights AS f
