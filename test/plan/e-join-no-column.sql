SELECT f.origin FROM flights AS f JOIN readings AS r ON f.sensor = r.sensor
