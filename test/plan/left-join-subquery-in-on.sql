SELECT f.origin, r.volts FROM flights AS f LEFT JOIN readings AS r ON f.delay = r.sensor AND f.delay + r.sensor > (SELECT MAX(sensor) FROM readings)
