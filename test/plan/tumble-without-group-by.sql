SELECT origin, window_start FROM TUMBLE(flights, ts, INTERVAL '1' MINUTE) WHERE delay > 60
