"""The pay page: what Paystack's checkout shows a payer, reduced to its outcomes."""

from html import escape

from local.paystack.bodies import Transaction

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 3rem auto; padding: 0 1rem; }}
  form {{ display: grid; gap: .75rem; }}
  button {{ font: inherit; padding: .6rem; cursor: pointer; }}
  small {{ color: #666; }}
</style>
<h1>{title}</h1>
{content}
<p><small>This is a stand-in for Paystack on this machine. No money moves.</small></p>
</html>
"""


def pay_page(transaction: Transaction) -> str:
    """The page with a button for each way a payment can end."""
    content = f"""<p>{escape(transaction["email"])} · {escape(transaction["reference"])}</p>
<form method="post">
  <button formaction="{transaction["access_code"]}/pay" name="channel" value="mobile_money">Pay with M-PESA</button>
  <button formaction="{transaction["access_code"]}/pay" name="channel" value="card">Pay with a card</button>
  <button formaction="{transaction["access_code"]}/fail" name="channel" value="card">Have the card declined</button>
  <button formaction="{transaction["access_code"]}/abandon">Close without paying</button>
</form>"""
    return _PAGE.format(title=f"Pay {_money(transaction)}", content=content)


def outcome_page(transaction: Transaction) -> str:
    """The page after a payment that has nowhere to go back to."""
    titles = {"success": "Paid", "failed": "Declined", "reversed": "Refunded"}
    title = titles.get(transaction["status"], "Not paid")
    retry = (
        "" if transaction["paid_at"] else f'<p><a href="../{transaction["access_code"]}">Try again</a></p>'
    )
    return _PAGE.format(title=title, content=f"<p>{_money(transaction)}</p>{retry}")


def _money(transaction: Transaction) -> str:
    whole, subunits = divmod(transaction["amount"], 100)
    return f"{escape(transaction['currency'])} {whole:,}.{subunits:02}"
