INSERT INTO flights (origin, hour_of_day) VALUES ('SEA', 3)
