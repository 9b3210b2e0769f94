SELECT * FROM flights AS a FULL JOIN late_flights AS b USING (origin, ts)
