SELECT f.origin, r.value FROM flights AS f, readings AS r WHERE f.delay = r.sensor AND f.distance > 100 AND r.volts < 5
