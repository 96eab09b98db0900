"""At which addresses `web` takes the notifications of an account."""

from runtime.settings import DEFAULT_ACCOUNT, Account, Settings


def addresses(settings: Settings, account: Account) -> tuple[str, ...]:
    """Give the addresses that a subscription may have: none without a token by which `web` would know RingCentral."""
    return posted_to(settings, account) if account.verification_tokens else ()


def posted_to(settings: Settings, account: Account) -> tuple[str, ...]:
    """Give the addresses at which `web` takes this account's notifications, the first for new subscriptions."""
    if settings.public_url is None:
        return ()
    whole = settings.public_url.rstrip("/") + "/webhooks/ringcentral"
    own = f"{whole}/{account.name}"
    both = (whole, own) if len(settings.accounts) == 1 else (own, whole)  # it was the only one when it was subscribed
    return both if account.name == DEFAULT_ACCOUNT else (own,)
