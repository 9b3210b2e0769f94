SELECT f.origin FROM flights AS f WHERE EXISTS (SELECT 1 FROM readings AS r WHERE r.sensor = f.delay AND r.volts > f.distance)
