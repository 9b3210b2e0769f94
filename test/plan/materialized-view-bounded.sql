-- bounded
SELECT origin, flights FROM hourly WHERE flights > 100 ORDER BY flights DESC
