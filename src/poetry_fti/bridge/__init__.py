"""The only room that knows Poetry: derived projects, locks and the package indexes."""
