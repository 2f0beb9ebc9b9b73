"""Is it a Business or Creator account, and did it grant the scopes that the audit needs?"""

from functions.audit.absence import Absent, Cause, Reason, distinct
from functions.audit.check import BASIC, PROFILE, Breach, Check, Facts, Reading
from functions.audit.merchant import AccountType
from functions.audit.outcome import Area, Evidence


def measure(seen: Facts) -> Reading:
    """Name what is missing. A scope missing on record stands even when TikTok did not answer tonight."""
    missing: list[str] = []
    unseen: list[Cause] = []
    answers = (("basic_scope_missing", seen.look(BASIC)), ("profile_scope_missing", seen.look(PROFILE)))
    for condition, answer in answers:
        if not isinstance(answer, Absent):
            continue
        if any(cause.reason is Reason.SCOPE_MISSING for cause in answer.causes):
            missing.append(condition)
        else:
            unseen.extend(answer.causes)
    if seen.account_type is AccountType.PERSONAL:
        missing.append("personal_account")
    return Reading(
        value=None,
        conditions=tuple(missing),
        unseen=distinct(unseen),
        evidence=_account_type(seen),
    )


def _account_type(seen: Facts) -> Evidence:
    """Return what the account is and who says so.

    TikTok's v2 interface does not tell (APIS 1.8): its Business API does, where the shop gave it a token, else the
    shop's own word counts. An unknown type is said and never held against anybody.
    """
    unseen = seen.account_type_unseen
    tried = {} if unseen is None else {"business_api": "; ".join(cause.detail for cause in unseen.causes)}
    if seen.account_type is AccountType.UNKNOWN:
        return {"account_type": "not verifiable", **tried}
    return {"account_type": seen.account_type.value, "account_type_from": seen.account_type_from, **tried}


CHECK = Check(
    id="account_access",
    area=Area.ACCESS,
    good="Business or Creator account with the permissions that the audit needs",
    bad="The account type or a permission limits what can be audited",
    advice=(
        "Connect the account again and leave every permission ticked; switch a personal account to Business or Creator "
        "in TikTok's settings first."
    ),
    measure=measure,
    breach=Breach.ABOVE,
    says="",
    formula="no figure: each permission that was not granted, and a personal account, count by themselves",
    inputs=("basic", "profile", "account_type"),
    looks_at=(BASIC, PROFILE),
    conditions={
        "basic_scope_missing": "the permission user.info.basic is missing",
        "profile_scope_missing": "the permission user.info.profile is missing",
        "personal_account": "it is a personal account",
    },
)
