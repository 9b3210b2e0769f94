SELECT f.origin, r.delay FROM flights AS f LEFT JOIN late_flights FOR SYSTEM_TIME AS OF f.ts AS r ON f.origin = r.origin
