INSERT INTO late_flights VALUES ('SEA')
