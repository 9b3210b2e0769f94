SELECT f.origin, r.value FROM flights AS f ASOF JOIN readings AS r ON f.delay = r.sensor AND f.distance >= r.volts
