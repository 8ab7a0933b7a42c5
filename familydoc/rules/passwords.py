"""What a password must be: two policies (THREATS: 等保 rotation against ASVS length)."""

from datetime import datetime, timedelta

from familydoc.rules.errors import RuleError

MAX_AGE = timedelta(days=90)
COMMON = frozenset(
    [
        "123456789012",
        "1234567890123",
        "password1234",
        "password12345",
        "qwertyuiop12",
        "1qaz2wsx3edc",
        "1q2w3e4r5t6y",
        "qwerty123456",
        "abc123456789",
        "a123456789012",
        "aa123456789012",
        "woaini1314520",
        "5201314520131",
        "familydoc1234",
        "admin1234567",
        "administrator",
        "admin123456789",
        "welcome12345",
        "p@ssw0rd1234",
        "passw0rd1234",
        "password123456",
        "qwertyuiop123456",
        "1234567890123456",
        "zaq12wsxcde3",
        "iloveyou1234",
        "jiayi12345678",
        "qingshuihe123",
    ]
)


def check_password(policy: str, password: str, username: str) -> None:
    """Refuse a weak password with a sentence (RuleError on field `password`).

    `dengbao`: 12 or more characters of three kinds; `asvs`: 15 or more of any kind. Both refuse
    the commonest passwords and any that holds the user name.
    """
    least = 15 if policy == "asvs" else 12
    if len(password) < least:
        raise _weak(f"密码至少要 {least} 个字符，现在是 {len(password)} 个。")
    if len(password) > 128:
        raise _weak("密码最多 128 个字符。")
    if policy != "asvs" and _kinds(password) < 3:
        raise _weak("密码要含大写字母、小写字母、数字、符号中的至少三种。")
    plain = password.lower()
    if plain in COMMON or len(set(plain)) < 5 or (username and username.lower() in plain):
        raise _weak("这个密码太容易猜到，请换一个。")


def expired(policy: str, changed_at: datetime | None, now: datetime) -> bool:
    """Tell whether rotation (`dengbao` only, 90 days) asks for a new password."""
    return policy != "asvs" and changed_at is not None and now - changed_at > MAX_AGE


def _kinds(password: str) -> int:
    return sum(
        (
            any(c.isupper() for c in password),
            any(c.islower() for c in password),
            any(c.isdigit() for c in password),
            any(not c.isalnum() for c in password),
        )
    )


def _weak(message: str) -> RuleError:
    return RuleError("password_weak", message, field="password")
