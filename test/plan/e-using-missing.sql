SELECT 1 FROM flights JOIN readings USING (origin)
