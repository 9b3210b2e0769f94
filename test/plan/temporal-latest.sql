CREATE VIEW latest AS SELECT origin, delay, distance, ts FROM flights QUALIFY ROW_NUMBER() OVER (PARTITION BY origin ORDER BY ts DESC) = 1;
CREATE VIEW far AS SELECT origin, delay, ts FROM latest WHERE distance > 100;
SELECT f.origin, r.delay FROM flights AS f LEFT JOIN far FOR SYSTEM_TIME AS OF f.ts AS r ON f.origin = r.origin
