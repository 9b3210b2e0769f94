SELECT f.* EXCEPT (ts, distance), f.origin FROM flights AS f
