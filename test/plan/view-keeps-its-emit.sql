SELECT * FROM live_minutes WHERE flights > 3
