SELECT 1 FROM flights AS f WHERE EXISTS (SELECT 1 FROM readings AS r WHERE EXISTS (SELECT 1 FROM readings AS q WHERE q.sensor = f.delay))
