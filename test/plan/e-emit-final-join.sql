SELECT a.origin FROM flights AS a LEFT JOIN readings AS b ON a.delay = b.sensor EMIT FINAL
