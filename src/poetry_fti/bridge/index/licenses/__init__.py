"""The licenses of locked packages, as far as package indexes know them."""
