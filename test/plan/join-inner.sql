SELECT f.origin FROM flights AS f JOIN readings AS r ON f.delay = r.sensor
