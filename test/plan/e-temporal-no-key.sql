SELECT 1 FROM flights AS f JOIN late_flights FOR SYSTEM_TIME AS OF f.ts AS r ON f.delay > r.delay
