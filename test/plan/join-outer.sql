SELECT f.origin, r.value FROM flights AS f LEFT JOIN readings AS r ON f.delay = r.sensor AND r.volts > 2 AND f.distance > r.volts
