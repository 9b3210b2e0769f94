SELECT a.origin, r.value FROM flights AS a, readings AS r, flights AS b WHERE a.origin = b.destination AND r.sensor = b.delay
