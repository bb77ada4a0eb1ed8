"""The one RSA key of the tests: finding its primes costs more than a whole file of them."""

from threatweaver_licensing import generate_key

RSA = generate_key("rsa")
