SELECT f.origin, l.delay FROM flights AS f ASOF LEFT JOIN late_flights AS l ON f.origin = l.origin AND f.ts > l.ts WHERE f.delay > 3
