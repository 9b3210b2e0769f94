SELECT origin FROM flights WHERE COUNT(*) > 1 GROUP BY origin
