"""How deep hypothesis looks: a hundred examples in `make test`, a thousand under `--hypothesis-profile=soak`."""

from hypothesis import HealthCheck, settings

# A machine that is busy is no bug: no example has a deadline.
settings.register_profile("marsad", deadline=None, max_examples=100, print_blob=True)
settings.register_profile(
    "soak", settings.get_profile("marsad"), max_examples=1_000, suppress_health_check=list(HealthCheck)
)
# pytest's own --hypothesis-profile comes after this and wins.
settings.load_profile("marsad")
