-- bounded
SELECT DISTINCT origin FROM flights ORDER BY delay
