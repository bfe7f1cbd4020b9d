"""The lines that the main job prints: what was expected, what was obtained, whether they agree."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Check:
    """`expected` comes from a publication or from the example's own script, never from the code under check."""

    name: str
    expected: str
    obtained: str

    @property
    def holds(self) -> bool:
        return self.expected == self.obtained


@dataclass(slots=True)
class Report:
    """Collects checks and says each as it comes."""

    say: Callable[[str], None]
    checks: list[Check] = field(default_factory=list)

    def title(self, text: str) -> None:
        self.say("")
        self.say(text)

    def check(self, name: str, expected: object, obtained: object) -> None:
        check = Check(name, str(expected), str(obtained))
        self.checks.append(check)
        mark = "đạt  " if check.holds else "KHÔNG"
        self.say(f"  [{mark}] {name}: mong đợi {check.expected}; có {check.obtained}")

    def note(self, text: str) -> None:
        self.say(f"          {text}")

    @property
    def failed(self) -> int:
        return sum(not check.holds for check in self.checks)
