CREATE VIEW sorted AS SELECT origin FROM flights ORDER BY origin;
SELECT origin FROM sorted
