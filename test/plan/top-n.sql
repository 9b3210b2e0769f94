SELECT origin, delay FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY origin ORDER BY delay DESC) AS rn FROM flights) WHERE rn <= 3 AND origin <> 'SEA'
