"""growthring: revenue answers with evidence, from raw invoices to an explained NDR."""

__version__ = "0.1.0"
