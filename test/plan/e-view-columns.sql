CREATE VIEW v (a, b, c) AS SELECT origin, delay FROM flights
