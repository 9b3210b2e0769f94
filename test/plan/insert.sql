INSERT INTO readings (taken, sensor, value) VALUES
  ('2024-05-06 07:08:09.123', 40 + 2, 1), (NULL, -1, 12345678.9)
