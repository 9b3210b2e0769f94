SELECT origin, COUNT(*) FROM flights GROUP BY origin EMIT FINAL
