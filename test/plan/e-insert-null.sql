INSERT INTO readings (sensor, value) VALUES (NULL, 1)
