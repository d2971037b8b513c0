"""How large a run is: five profiles, from CI to the papers' schedules.

What a profile means for a network lies with the grids of its study.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """One of the five, as all studies share it.

    Attributes:
        name: the profile.
        purpose: one line for readers.
        seeds: of an arm that a claim rests on.
        few: seeds of the other arms.
    """

    name: str
    purpose: str
    seeds: int
    few: int


PROFILES = {
    p.name: p
    for p in (
        Profile("smoke", "CI: every line runs, nothing is learned", 1, 1),
        Profile(
            "quick",
            "a laptop: each arm once, shortly, beside the records",
            1,
            1,
        ),
        Profile(
            "study", "the evidence made on a CPU: every arm, every seed", 5, 3
        ),
        Profile("gpu", "one modern GPU: larger images, more of them", 3, 3),
        Profile("paper", "the papers' own scale: full width, days", 3, 3),
    )
}


def profile(name: str) -> Profile:
    """The profile called ``name``.

    Raises:
        ValueError: there is none; lists those there are.
    """
    if name not in PROFILES:
        raise ValueError(
            f"profile is {name!r}; choose one of {', '.join(PROFILES)}"
        )
    return PROFILES[name]
