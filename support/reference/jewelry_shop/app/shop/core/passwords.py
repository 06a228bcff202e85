"""How passwords are stored."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class ShopHasher(PBKDF2PasswordHasher):
    """PBKDF2 with fewer rounds.

    Django's million rounds take half a second of a processor: two sign-ins would stop a small instance.
    """

    algorithm = "pbkdf2_shop"
    iterations = 60_000  # about 25 ms
