SELECT origin, flights FROM hourly WHERE flights > 100
