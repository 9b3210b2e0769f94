SELECT f.origin, g.delay FROM flights AS f
