CREATE TABLE flights (a INT)
