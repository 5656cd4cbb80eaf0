"""The project and the derived projects of its stages, as Poetry reads them."""
