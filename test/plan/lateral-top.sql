SELECT f.origin, x.value FROM flights AS f CROSS JOIN LATERAL (SELECT value FROM readings AS r WHERE r.sensor = f.delay ORDER BY value DESC LIMIT 2) AS x
