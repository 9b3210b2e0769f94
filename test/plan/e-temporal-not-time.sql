SELECT 1 FROM flights AS f JOIN late_flights FOR SYSTEM_TIME AS OF f.delay AS r ON f.origin = r.origin
