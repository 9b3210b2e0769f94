SELECT (SELECT MAX(volts) FROM readings AS r WHERE r.sensor > f.delay) FROM flights AS f
