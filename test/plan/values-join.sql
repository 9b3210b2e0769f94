SELECT f.origin, c.city FROM flights AS f JOIN (VALUES ('SEA', 'Seattle'), ('SFO', 'San Francisco')) AS c (code, city) ON f.origin = c.code
