SELECT origin FROM fligths
